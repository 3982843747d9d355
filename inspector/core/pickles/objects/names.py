"""What the names in pickles mean. Data and lookups of data only: a name is never imported, resolved or called.

Two tables that other code relies on: `canonical` (one spelling for what python 2 and 3, numpy 1 and 2, call differently)
and `verdict` (what a name means to somebody who would unpickle the file for real). The verdict is information for people;
nothing is ever allowed or forbidden by it, because nothing is ever run.

Sources: Lib/_compat_pickle.py of CPython 3.13 (`NAME_MAPPING`, `IMPORT_MAPPING`), torch/_weights_only_unpickler.py and
torch/serialization.py of torch 2.13.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from inspector.core.dtypes import DTYPES, STORAGE_CLASSES

Name = tuple[str, str]

# plain      builds data and nothing else; torch.load(weights_only=True) takes it, or it is a plain value we show
# library    a class of torch itself, or a function that modules hold on to: known, but torch.load(weights_only=True) refuses it
# dangerous  known to run commands, open files or connections, or to reach any other name
# script     a class of a TorchScript archive, whose code lies in the archive and is no Python
# unknown    anything else: somebody's own class, another library
Verdict = Literal["plain", "library", "dangerous", "script", "unknown"]

_RENAMED: dict[Name, Name] = {
    ("__builtin__", "xrange"): ("builtins", "range"), ("__builtin__", "unicode"): ("builtins", "str"),
    ("__builtin__", "long"): ("builtins", "int"), ("__builtin__", "unichr"): ("builtins", "chr"),
    ("__builtin__", "reduce"): ("functools", "reduce"), ("__builtin__", "intern"): ("sys", "intern"),
    ("UserDict", "UserDict"): ("collections", "UserDict"), ("UserDict", "IterableUserDict"): ("collections", "UserDict"),
    ("UserList", "UserList"): ("collections", "UserList"),
    ("UserString", "UserString"): ("collections", "UserString"),
    ("exceptions", "StandardError"): ("builtins", "Exception"),
    ("_functools", "partial"): ("functools", "partial"), ("_collections", "deque"): ("collections", "deque"),
    ("_collections", "defaultdict"): ("collections", "defaultdict"),
    ("_collections", "OrderedDict"): ("collections", "OrderedDict"),
    ("_decimal", "Decimal"): ("decimal", "Decimal"), ("_datetime", "datetime"): ("datetime", "datetime"),
}

_MODULES: dict[str, str] = {
    "__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins", "commands": "subprocess", "cPickle": "pickle",
    "_pickle": "pickle", "Queue": "queue", "SocketServer": "socketserver", "ConfigParser": "configparser",
    "dummy_thread": "_dummy_thread", "thread": "_thread", "urllib2": "urllib.request", "httplib": "http.client",
    "numpy._core.multiarray": "numpy.core.multiarray", "numpy._core.numeric": "numpy.core.numeric",
    "numpy._core._internal": "numpy.core._internal", "pathlib._local": "pathlib", "_operator": "operator",
    "_socket": "socket",
}


def canonical(module: str, name: str) -> Name:
    """One spelling for names that moved between versions of Python and numpy."""
    found = _RENAMED.get((module, name))
    return found if found is not None else (_MODULES.get(module, module), name)


# -- torch ------------------------------------------------------------------------------------------------------------

_STORAGE_MODULES = ("torch", "torch.cuda", "torch.storage")
_ELEMENTS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")


def storage_dtype(module: str, name: str) -> str | None:
    """The element type of a torch storage class ("torch", "FloatStorage") -> "float32"; None for any other name."""
    if module not in _STORAGE_MODULES:
        return None
    return STORAGE_CLASSES.get("UntypedStorage" if name == "_UntypedStorage" else name)


def dtype_name(module: str, name: str) -> str | None:
    """("torch", "float32") -> "float32"; None for any name that is no dtype."""
    return name if module == "torch" and name in DTYPES else None


QSCHEMES = frozenset({"per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
                      "per_channel_affine_float_qparams"})
LAYOUTS = frozenset({"strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "_mkldnn", "jagged"})
MEMORY_FORMATS = frozenset({"contiguous_format", "channels_last", "channels_last_3d", "preserve_format"})

PARAMETER = ("torch._utils", "_rebuild_parameter")
PARAMETER_WITH_STATE = ("torch._utils", "_rebuild_parameter_with_state")
TENSOR_V2 = ("torch._utils", "_rebuild_tensor_v2")
FROM_TYPE = ("torch._tensor", "_rebuild_from_type")
FROM_TYPE_V2 = ("torch._tensor", "_rebuild_from_type_v2")
JAGGED = ("torch.nested._internal.nested_tensor", "_rebuild_njt")
LOAD_FROM_BYTES = ("torch.storage", "_load_from_bytes")
LOADS = ("pickle", "loads")
LOADERS = frozenset({LOAD_FROM_BYTES, LOADS})          # what loads another object from bytes in the pickle

# Builders whose fourth argument is the state that the tensor has as a Python object.
WITH_STATE = frozenset({PARAMETER_WITH_STATE, FROM_TYPE, FROM_TYPE_V2})

# Classes of torch before 1.0 whose instances were pickled as such, with their contents in the state or among the arguments.
PARAMETER_CLASS = ("torch.nn.parameter", "Parameter")
OLD_PARAMETERS = frozenset({PARAMETER_CLASS, ("torch.autograd.variable", "Variable")})
OLD_TENSORS = frozenset((module, f"{element}Tensor") for module in ("torch", "torch.cuda") for element in _ELEMENTS)

# Callables whose result is a tensor that we list.
TENSOR_BUILDERS = frozenset({
    ("torch._utils", "_rebuild_tensor"), TENSOR_V2, ("torch._utils", "_rebuild_tensor_v3"), PARAMETER, PARAMETER_WITH_STATE,
    ("torch._utils", "_rebuild_qtensor"), ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_meta_tensor_no_storage"), ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"),
    ("torch._utils", "_rebuild_nested_tensor"), ("torch._utils", "_rebuild_wrapper_subclass"),
    ("torch._utils", "_rebuild_device_tensor_from_numpy"), ("torch._utils", "_rebuild_xla_tensor"), JAGGED,
    FROM_TYPE, FROM_TYPE_V2,
})

# Tensors of devices without storages, whose values are a numpy array.
KEPT_AS_NUMPY = frozenset({("torch._utils", "_rebuild_device_tensor_from_numpy"), ("torch._utils", "_rebuild_xla_tensor")})

# Where the class DTensor lived, one after the other.
_DISTRIBUTED = ("torch.distributed.tensor.", "torch.distributed._tensor.")


def is_distributed(cls: str) -> bool:
    """Whether a dotted name is that of the class DTensor, wherever it lived."""
    return cls.endswith(".DTensor") and cls.startswith(_DISTRIBUTED)


# What makes numpy's arrays.
ARRAY_BUILDERS = frozenset({("numpy.core.multiarray", "_reconstruct"), ("numpy.core.numeric", "_frombuffer")})

_WEIGHTS_ONLY: frozenset[Name] = frozenset({
    ("collections", "OrderedDict"), ("collections", "Counter"), PARAMETER_CLASS,
    ("torch.serialization", "_get_layout"), ("torch", "Size"), ("torch", "Tensor"), ("torch", "device"),
    ("_codecs", "encode"), ("builtins", "bytearray"), ("builtins", "set"), ("builtins", "complex"),
    *(("torch", dtype) for dtype in DTYPES), *(("torch", scheme) for scheme in QSCHEMES),
    *((module, f"{element}Tensor") for element in _ELEMENTS
      for module in ("torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse")),
    *((module, storage) for storage in STORAGE_CLASSES for module in ("torch", "torch.cuda")),
    *(("torch.storage", storage) for storage in ("UntypedStorage", "TypedStorage", "_UntypedStorage", "_TypedStorage")),
    *(TENSOR_BUILDERS - {FROM_TYPE, JAGGED, ("torch._utils", "_rebuild_xla_tensor")}),
})

# Data that weights_only=True does not take but that is data all the same: what `plain` shows as values.
_PLAIN_DATA: frozenset[Name] = frozenset({
    FROM_TYPE, ("torch._utils", "_rebuild_xla_tensor"), JAGGED, ("torch.nested._internal.nested_tensor", "NestedTensor"),
    ("torch._dynamo.decorators", "_DimRange"),
    *(("torch.nn.parameter", name) for name in ("Buffer", "UninitializedParameter", "UninitializedBuffer")),
    ("torch.autograd.variable", "Variable"),
    *(("torch", layout) for layout in LAYOUTS), *(("torch", layout) for layout in MEMORY_FORMATS),
    ("torch.serialization", "_get_layout"),
    ("collections", "defaultdict"), ("collections", "deque"), ("collections", "UserDict"), ("collections", "UserList"),
    *(("builtins", name) for name in ("frozenset", "list", "dict", "tuple", "int", "float", "str", "bool", "bytes", "object",
                                      "range", "slice", "NotImplemented", "Ellipsis")),
    ("copyreg", "_reconstructor"), ("copyreg", "__newobj__"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"), ("numpy.core.numeric", "_frombuffer"),
    ("numpy", "dtype"), ("numpy", "ndarray"),
    *(("numpy", name) for name in ("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
                                   "float32", "float64", "complex64", "complex128")),
    ("argparse", "Namespace"), ("types", "SimpleNamespace"),
    *(("pathlib", name) for name in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")),
    *(("datetime", name) for name in ("datetime", "date", "time", "timedelta", "timezone")),
    *(("torch.jit._pickle", name) for name in ("build_intlist", "build_tensorlist", "build_doublelist", "build_boollist",
                                               "build_tensor_from_id", "restore_type_tag")),
    # what the index of a torch.distributed.checkpoint folder is made of; DCP unpickles it without weights_only
    *(("torch.distributed.checkpoint.metadata", name) for name in (
        "Metadata", "TensorStorageMetadata", "BytesStorageMetadata", "ChunkStorageMetadata", "TensorProperties", "MetadataIndex",
        "StorageMeta", "_MEM_FORMAT_ENCODING")),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    *(("torch.distributed.checkpoint.planner", name) for name in (
        "SavePlan", "WriteItem", "WriteItemType", "TensorWriteData", "BytesIOWriteData")),
    ("functools", "partial"), ("uuid", "UUID"), ("uuid", "SafeUUID"), ("decimal", "Decimal"), ("fractions", "Fraction"),
    ("collections", "ChainMap"), ("collections", "UserString"),
    *(("builtins", name) for name in (
        "type", "len", "abs", "min", "max", "sum", "round", "any", "all", "sorted", "zip", "enumerate", "reversed", "repr", "hash", "chr",
        "ord", "hex", "bin", "oct", "divmod", "pow", "iter", "next", "callable", "isinstance", "issubclass", "print", "memoryview",
        "property", "classmethod", "staticmethod")),
    *(("builtins", name) for name in (
        "BaseException", "Exception", "ValueError", "TypeError", "KeyError", "IndexError", "RuntimeError", "AttributeError", "NameError",
        "ArithmeticError", "ZeroDivisionError", "OverflowError", "FloatingPointError", "AssertionError", "LookupError", "StopIteration",
        "NotImplementedError", "KeyboardInterrupt", "SystemExit", "EOFError", "MemoryError", "ImportError", "ModuleNotFoundError",
        "OSError", "FileNotFoundError", "PermissionError", "TimeoutError", "UnicodeDecodeError", "UnicodeEncodeError", "Warning",
        "UserWarning", "DeprecationWarning", "RuntimeWarning", "FutureWarning")),
    *(("types", name) for name in ("GenericAlias", "UnionType", "NoneType", "MappingProxyType")),
    # enumerations of modules that are dangerous otherwise
    ("http", "HTTPStatus"), ("signal", "Signals"), ("signal", "Handlers"), ("socket", "AddressFamily"), ("socket", "SocketKind"),
    ("inspect", "_ParameterKind"), ("re", "RegexFlag"), ("ssl", "TLSVersion"),
    # what objects of the standard library are pickled as
    ("random", "Random"), ("re", "_compile"), ("logging", "getLogger"), ("array", "array"), ("array", "_array_reconstructor"),
    ("itertools", "count"), ("itertools", "repeat"),
    *((module, name) for module in ("io", "_io") for name in ("BytesIO", "StringIO")),
    # random states, and arrays of other classes
    *(("numpy.random._pickle", name) for name in ("__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor")),
    ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"), ("numpy.random.bit_generator", "SeedSequence"),
    ("numpy.random._mt19937", "MT19937"), ("numpy.random._pcg64", "PCG64"), ("numpy.random._pcg64", "PCG64DXSM"),
    ("numpy.random._philox", "Philox"), ("numpy.random._sfc64", "SFC64"), ("numpy.ma.core", "_mareconstruct"),
    ("numpy.ma.core", "MaskedArray"), ("numpy.ma", "MaskedArray"), ("numpy", "matrix"), ("numpy", "recarray"), ("numpy", "record"),
})

# What whole pickled models, optimizers, quantization and tensor subclasses are made of. A module stands here only when none of its
# classes can be made to run what a file says: making one, or setting its state, calls nothing that comes from the file.
_LIBRARY_PREFIXES = (
    "torch.nn.", "torch.optim.", "torch.distributions.", "torch.masked.", "torch.nested.", "torch.sparse.", "torch.amp.", "torch.cuda.amp.",
    "torch.ao.nn.", "torch.ao.quantization.", "torch.quantization.", "torch.utils.hooks.",
    *(f"torch.utils.data.{module}." for module in ("dataset", "dataloader", "sampler", "distributed")),
    *(f"torch.distributed.{module}." for module in (
        "tensor", "_tensor", "device_mesh", "_mesh_layout", "fsdp", "_shard.sharded_tensor", "_shard.sharding_spec", "_shard.metadata",
        "algorithms._checkpoint.checkpoint_wrapper")),
    "torchvision.models.", "torchvision.transforms.", "torchvision.ops.",
    "torchao.dtypes.", "torchao.quantization.", "torchao.float8.", "torchao.optim.",
)
# … but for those that trace, compile or export
_NOT_LIBRARY = ("torch.ao.quantization.fx.", "torch.ao.quantization.quantize_fx.", "torch.ao.quantization.pt2e.",
                "torch.ao.quantization.quantize_pt2e.", "torch.quantization.fx.", "torch.quantization.quantize_fx.",
                "torch.nn.utils._expanded_weights.", "torch.distributed.tensor.experimental.", "torch.distributed.tensor.debug.",
                "torchvision.models.feature_extraction.", "torchao.quantization.pt2e.")
_LIBRARY_NAMES = frozenset((module, name) for module in ("torch", "torch._C") for name in ("Generator", "ScriptObject"))
# Names that modules above import from elsewhere, and that run what they are given, or reach the network.
_NOT_OF_LIBRARY = frozenset({"RRef", "TCPStore", "FileStore", "PrefixStore", "Library", "ProcessGroup", "ThreadPoolExecutor", "Process"})
# Functions of torch that compute with tensors, and that modules hold on to: activations, initializations.
_LIBRARY_FUNCTIONS = ("torch.nn.functional.", "torch.nn.init.", "torch._C._nn.")

_DANGEROUS_MODULES = frozenset({
    "os", "posix", "nt", "ntpath", "posixpath", "subprocess", "runpy", "socket", "sys", "importlib", "pty", "shutil", "code",
    "codeop", "pdb", "bdb", "cProfile", "profile", "trace", "timeit", "doctest", "ctypes", "_ctypes", "cffi", "multiprocessing",
    "threading", "_thread", "asyncio", "signal", "webbrowser", "urllib", "http", "ftplib", "smtplib", "telnetlib", "imaplib",
    "poplib", "requests", "httpx", "aiohttp", "paramiko", "pip", "ensurepip", "venv", "distutils", "setuptools", "pkgutil", "imp",
    "pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "operator", "types", "gc", "inspect",
    "tempfile", "glob", "fileinput", "zipimport", "linecache", "platform", "commands", "popen2",
    "concurrent", "sched", "atexit", "site", "xmlrpc", "socketserver", "ssl", "sqlite3", "winreg", "_winreg",
    "msvcrt", "fcntl", "resource", "mmap", "lib2to3", "idlelib", "unittest", "pydoc", "_posixsubprocess", "_winapi", "wsgiref", "_imp",
    "_frozen_importlib", "_frozen_importlib_external", "_xxsubinterpreters", "antigravity", "turtledemo",
})
# Parts of torch that import, compile, unpickle or run what they are given, or have another process do it.
_DANGEROUS_IN_TORCH = (
    "torch.hub.", "torch.jit.", "torch.package.", "torch.multiprocessing.", "torch.utils.data.datapipes.",
    *(f"torch.utils.{module}." for module in ("cpp_extension", "model_zoo", "benchmark", "bottleneck", "collect_env")),
    *(f"torch.distributed.{module}." for module in ("rpc", "run", "launch", "launcher", "elastic", "nn")),
)
_RUNS_ITS_STATE = ("GraphModule", "SerializationWrapper")       # classes whose state is code or a pickle, whatever module spells them
_RUNS_COMMAND = frozenset({"system", "popen", "Popen", "call", "check_call", "check_output", "run", "getoutput", "getstatusoutput",
                           "spawn", "execv", "execve", "execl", "execlp", "execvp", "spawnl", "spawnv", "posix_spawn", "startfile"})
_RUNS_CODE = frozenset({"eval", "exec", "compile", "execfile", "run_module", "run_path", "runcode", "runsource", "_run_code",
                        "runctx", "runeval", "timeit", "interact"})
_CARRIER = "_reconstruct_persistent_obj"
# functions that torch.fx, and StyleGAN's torch_utils.persistence, rebuild their modules with, from source text
_RUNS_FILES_CODE = frozenset({"reduce_graph_module", "reduce_package_graph_module", "reduce_deploy_graph_module", "_forward_from_src",
                              "_method_from_src", "_exec_with_source", "_deserialize_graph_module", _CARRIER})
_REACHES_NAMES = frozenset({"getattr", "__import__", "import_module", "attrgetter", "methodcaller", "itemgetter", "globals",
                            "locals", "vars", "setattr", "delattr", "reload", "apply", "map", "filter"})
_LOADING = frozenset({"load", "loads", "Unpickler", "_loads", "_load", "load_module"})
_OPENS = frozenset({"open", "fdopen", "FileIO", "open_code", "file", "input", "breakpoint"})
_NETWORK_MODULES = frozenset({"socket", "urllib", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "webbrowser", "ssl",
                              "telnetlib", "imaplib", "poplib", "paramiko", "xmlrpc", "socketserver"})


def verdict(module: str, name: str) -> Verdict:
    """What a real unpickler would get itself into with this name. Information only; see the module."""
    known = canonical(module, name)
    if known in _WEIGHTS_ONLY or known in _PLAIN_DATA:
        return "plain"
    if is_dangerous(*known):
        return "dangerous"
    if known[0].partition(".")[0] == "__torch__":
        return "script"
    if known in _LIBRARY_NAMES or _is_of_library(*known):
        return "library"
    return "unknown"


def _is_of_library(module: str, name: str) -> bool:
    place = module + "."
    if place.startswith(_LIBRARY_FUNCTIONS):
        return name.isidentifier()
    return (place.startswith(_LIBRARY_PREFIXES) and not place.startswith(_NOT_LIBRARY) and name not in _NOT_OF_LIBRARY
            and (is_class_name(name) or name.isidentifier()))


def is_class_name(name: str) -> bool:
    """Whether a name is written as those of classes are, and of classes in classes."""
    return all(part.isidentifier() and part.lstrip("_")[:1].isupper() for part in name.split("."))


def is_dangerous(module: str, name: str) -> bool:
    """Whether (module, name), in canonical spelling, is one of the names that attacks are made of."""
    top, *_ = module.split(".", 1)
    *through, last = name.split(".")
    if last == "Popen" or not _DANGEROUS_MODULES.isdisjoint(through) or carries_source(module, name):
        return True
    if top in ("torch", "torchvision", "torchao"):
        return ((module, name) == LOAD_FROM_BYTES or (module + ".").startswith(_DANGEROUS_IN_TORCH) or last.endswith(_RUNS_ITS_STATE)
                or last in _LOADING or last in _RUNS_COMMAND or last in _RUNS_CODE or last in _RUNS_FILES_CODE)
    if top == "numpy":
        return module.startswith(("numpy.testing", "numpy.distutils", "numpy.f2py")) or name in ("load", "fromfile", "memmap")
    if top in ("builtins", "io", "_io", "codecs", "_codecs", "functools"):
        first = name.partition(".")[0]
        return "." in name or first in _RUNS_CODE or first in _REACHES_NAMES or first in _OPENS
    return top in _DANGEROUS_MODULES


def carries_source(module: str, name: str) -> bool:
    """Whether it is the function of StyleGAN's `torch_utils.persistence`, wherever a program has that package, which makes an object of
    the source text that it is given."""
    return name == _CARRIER and module.rpartition(".")[2] == "persistence"


def danger_text(module: str, name: str) -> str:
    """What a dangerous name does, as the end of a sentence that starts with it."""
    module, name = canonical(module, name)
    last = name.rpartition(".")[2]
    if (module, name) == ("builtins", "type"):
        return "makes a class of what the file says"
    if (module, name) == ("builtins", "iter"):
        return "calls a function that the file chose, again and again"
    if (module, name) == LOAD_FROM_BYTES:
        return "unpickles the bytes it is given, with no protection"
    if _is_command(module, last):
        return "runs a shell command"
    if _is_code(last):
        return "runs Python code that the file brings along"
    if last.endswith("SerializationWrapper"):
        return "loads another pickle or module, with no protection"
    if last in _LOADING:
        return "loads another pickle or module, with no protection"
    if last in _REACHES_NAMES or module in ("operator", "importlib", "types", "inspect", "pkgutil"):
        return "reaches any other function by its name"
    if module.partition(".")[0] in _NETWORK_MODULES:
        return "opens a network connection"
    if last in _OPENS:
        return "opens a file of this computer"
    return "reaches into this computer"


def runs_commands(module: str, name: str) -> bool:
    """Whether a dangerous name is of the kind that no file has a reason to mention: it runs commands, or code that it is given."""
    module, name = canonical(module, name)
    last = name.rpartition(".")[2]
    return _is_command(module, last) or _is_code(last)


def any_runs_commands(names: Iterable[str]) -> bool:
    """The same of any of these dotted names, as `Finding.code` has them.

    >>> core.any_runs_commands(["os.system"]), core.any_runs_commands(["torch.nn.Linear"])
    (True, False)
    """
    return any(runs_commands(*dotted.rpartition(".")[::2]) for dotted in names)


def _is_command(module: str, last: str) -> bool:
    return (last in _RUNS_COMMAND or module in ("subprocess", "_posixsubprocess", "pty")
            or (last.startswith(("exec", "spawn")) and module in ("os", "posix", "nt")))


def _is_code(last: str) -> bool:
    return last in _RUNS_CODE or last in _RUNS_FILES_CODE or last.endswith("GraphModule")
