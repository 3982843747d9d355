# ruff: noqa: E501
"""What releases of torch, Python and safetensors print, word for word."""
from __future__ import annotations

UNPICKLER_1_13 = (
    "_pickle.UnpicklingError: Weights only load failed. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in "
    "arbitrary code execution.Do it only if you get the file from a trusted source. WeightsUnpickler error: Unsupported class argparse.Namespace")
UNPICKLER_2_4 = (
    "_pickle.UnpicklingError: Weights only load failed. This file can still be loaded, to do so you have two options \n\t(1) Re-running `torch.load` with "
    "`weights_only` set to `False` will likely succeed, but it can result in arbitrary code execution. Do it only if you got the file from a trusted source.\n\t(2) "
    "Alternatively, to load with `weights_only=True` please check the recommended steps in the following error message.\n\tWeightsUnpickler error: Unsupported "
    "global: GLOBAL argparse.Namespace was not an allowed global by default. Please use `torch.serialization.add_safe_globals([Namespace])` to allowlist this "
    "global if you trust this class/function.\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html.")
UNPICKLER_2_6 = (
    "_pickle.UnpicklingError: Weights only load failed. This file can still be loaded, to do so you have two options, \x1b[1mdo those steps only if you trust the "
    "source of the checkpoint\x1b[0m. \n\t(1) In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code execution. Do it only if you got the file "
    "from a trusted source.\n\t(2) Alternatively, to load with `weights_only=True` please check the recommended steps in the following error message.\n\t"
    "WeightsUnpickler error: Unsupported global: GLOBAL argparse.Namespace was not an allowed global by default. Please use "
    "`torch.serialization.add_safe_globals([argparse.Namespace])` or the `torch.serialization.safe_globals([argparse.Namespace])` context manager to allowlist "
    "this global if you trust this class/function.")
NAMESPACE = (UNPICKLER_1_13, UNPICKLER_2_4, UNPICKLER_2_6)

CUDA = (
    "AssertionError: Torch not compiled with CUDA enabled",                                                          # 0.4
    "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, please use "
    "torch.load with map_location='cpu' to map your storages to the CPU.",                                           # 1.0
    "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, please use "
    "torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",                             # 1.3 and newer
    "RuntimeError: Attempting to deserialize object on CUDA device 3 but torch.cuda.device_count() is 1. Please use torch.load with map_location to map your "
    "storages to an existing device.",
    "AssertionError: \nFound no NVIDIA driver on your system. Please check that you\nhave an NVIDIA GPU and installed a driver from\nhttp://www.nvidia.com/Download/index.aspx",
    "RuntimeError: CUDA error: invalid device ordinal\nCUDA kernel errors might be asynchronously reported at some other API call",
)
OTHER_DEVICES = {
    "mps": "RuntimeError: torch.UntypedStorage(): Storage device not recognized: mps",
    "xla:0": "RuntimeError: don't know how to restore data location of torch.storage.UntypedStorage (tagged with xla:0)",
    "hpu:0": "RuntimeError: Attempting to deserialize object on a HPU device but torch.hpu.is_available() is False. If you are running on a CPU-only machine, please "
             "use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",
    "npu:1": "RuntimeError: The NPU device module is not registered. If you are running on a CPU-only machine, please use torch.load with "
             "map_location=torch.device('cpu') to map your storages to the CPU.",
}

GONE = (
    "AttributeError: Can't get attribute 'Net' on <module '__main__' (built-in)>",
    "AttributeError: Can't get attribute 'Net' on <module '__main__' from 'train.py'>",
    "AttributeError: Can't get attribute 'Net' on <module '__main__'>",
    "Can't get attribute 'Net' on <module '__main__' (<_frozen_importlib_external.SourceFileLoader object at 0x7f4d8c0b1d30>)>",
)
NO_MODULE = ("ModuleNotFoundError: No module named 'mynets'", "ImportError: No module named mynets", "ModuleNotFoundError: No module named 'mynets.blocks'",
             "AttributeError: module 'mynets' has no attribute 'Net'", "ImportError: cannot import name 'Net' from 'mynets' (/home/me/mynets.py)")

DAMAGED = (
    "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory",
    "RuntimeError: [enforce fail at inline_container.cc:110] . file in archive is not in a subdirectory: archive/",
    "RuntimeError: [enforce fail at inline_container.cc:145] . PytorchStreamReader failed reading zip archive: failed finding central directory\nframe #0: "
    "c10::ThrowEnforceNotMet(char const*, int, char const*, std::string const&, void const*) + 0x47 (0x7f09d1d52e17 in libc10.so)",
    "RuntimeError: PytorchStreamReader failed reading file data/3: invalid header or archive is corrupted",
    "RuntimeError: PytorchStreamReader failed reading zip archive: not a ZIP archive",
    "RuntimeError: PytorchStreamReader failed locating file data.pkl: file not found",
    "RuntimeError: Invalid magic number; corrupt file?",
    "EOFError: Ran out of input", "EOFError", "_pickle.UnpicklingError: pickle data was truncated",
    "_pickle.UnpicklingError: invalid load key, '<'.", "_pickle.UnpicklingError: invalid load key, '\\x0a'.",
    "RuntimeError: unexpected EOF, expected 1079072 more bytes. The file might be corrupted.",
    "RuntimeError: unexpected EOF. The file might be corrupted.",
    "RuntimeError: storage has wrong size: expected 4717024218118439456 got 64",
    "RuntimeError: storage has wrong byte size: expected 256 got 64",
    "zipfile.BadZipFile: File is not a zip file",
    "safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge",
    "safetensors_rust.SafetensorError: Error while deserializing header: MetadataIncompleteBuffer",
    "safetensors._safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered",
    "OSError: [Errno 22] Invalid argument",
)
GROUPS = ("ValueError: loaded state dict has a different number of parameter groups",
          "ValueError: loaded state dict contains a parameter group that doesn't match the size of optimizer's group", "KeyError: 'param_groups'")
MEMORY = (
    "RuntimeError: cuda runtime error (2) : out of memory at /pytorch/aten/src/THC/generic/THCStorage.cu:58",                # 0.4
    "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 7.79 GiB total capacity; 6.61 GiB already allocated; 14.56 MiB free; 6.62 GiB reserved in "
    "total by PyTorch)",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 7.79 GiB total capacity; 6.61 GiB already allocated)",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 392.00 MiB. GPU 0 has a total capacity of 7.79 GiB of which 120.69 MiB is free.",
    "RuntimeError: [enforce fail at CPUAllocator.cpp:68] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 1073741824 bytes. Error code 12 (Cannot "
    "allocate memory)",
    "RuntimeError: MPS backend out of memory (MPS allocated: 17.79 GB, other allocations: 384.00 KB, max allowed: 18.13 GB). Tried to allocate 512.00 MB on private pool.",
    "RuntimeError: CUDA error: out of memory", "MemoryError", "Killed",
)
UNPICKLABLE = {
    "AttributeError: Can't pickle local object 'make.<locals>.<lambda>'": "lambda", "AttributeError: Can't get local object 'make.<locals>.Net'": "Net",
    "TypeError: cannot pickle '_thread.lock' object": "lock", "TypeError: can't pickle _thread.RLock objects": "lock",
    "TypeError: cannot pickle 'generator' object": "generator", "TypeError: cannot pickle '_io.TextIOWrapper' object": "open file",
    "_pickle.PicklingError: Can't pickle <class '__main__.Net'>: it's not the same object as __main__.Net": "__main__.Net",
    "_pickle.PicklingError: Can't pickle <function <lambda> at 0x7f0c1c0d2e50>: attribute lookup <lambda> on __main__ failed": "lambda",
    "TypeError: can't pickle module objects": "module",
}
OLD_FORMATS = (
    "RuntimeError: mmap can only be used with files saved with `torch.save(old.pth, _use_new_zipfile_serialization=True), please torch.save your checkpoint with this "
    "option in order to use mmap.",
    "RuntimeError: Cannot use ``weights_only=True`` with files saved in the legacy .tar format. In PyTorch 2.6, we changed the default value",
    "SourceChangeWarning: source code of class 'torch.nn.modules.linear.Linear' has changed. you can retrieve the original source code by accessing the object's source "
    "attribute or set `torch.nn.Module.dump_patches = True` and use the patch tool to revert the changes.",
    "ValueError: unsupported pickle protocol: 5",
)
BY_PICKLE = ("_pickle.UnpicklingError: A load persistent id instruction was encountered,\nbut no persistent_load function was specified.",     # to Python 3.13
             "_pickle.UnpicklingError: A load persistent id instruction was encountered, but no persistent_load function was specified.",
             "pickle.UnpicklingError: unsupported persistent id encountered")
TEXT_IDS = ("AssertionError: saved_id must be a tuple, got ('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 4)",
            "RuntimeError: Unknown saved id type: 3")
ENCODING = ("UnicodeDecodeError: 'ascii' codec can't decode byte 0xe9 in position 0: ordinal not in range(128)",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 3: unexpected end of data",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80 in position 64: invalid start byte")

NO_FORMAT = (
    "OSError: The safetensors archive passed at ./model.safetensors does not contain the valid metadata. Make sure you save your model with the "
    "`save_pretrained` method.",
    "    if metadata.get(\"format\") not in [\"pt\", \"tf\", \"flax\", \"mlx\"]:\nAttributeError: 'NoneType' object has no attribute 'get'",
)
OF_OTHER_FORMATS = (
    ("safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge", "OUT.safetensors"),
    ("safetensors._safetensors_rust.SafetensorError: Error while deserializing header: header too large", "OUT.safetensors"),
    ("gguf_init_from_file: invalid magic characters 'PK'\nllama_model_load: error loading model: failed to load model from m.gguf", "convert_hf_to_gguf.py"),
    ("gguf_init_from_file_impl: invalid magic characters: 'PK??', expected 'GGUF'", "convert_hf_to_gguf.py"),
    ("ValueError: GGUF magic invalid", "convert_hf_to_gguf.py"),
)
FROM_PRETRAINED = (
    ("Some weights of the model checkpoint at bert-base-uncased were not used when initializing BertModel: ['cls.predictions.bias', "
     "'cls.seq_relationship.weight']\n- This IS expected if you are initializing BertModel from the checkpoint of a model trained on another task or with "
     "another architecture (e.g. initializing a BertForSequenceClassification model from a BertForPreTraining model).",
     [], ["cls.predictions.bias", "cls.seq_relationship.weight"], [], "BertModel"),
    ("Some weights of BertForSequenceClassification were not initialized from the model checkpoint at bert-base-uncased and are newly initialized: "
     "['classifier.bias', 'classifier.weight']\nYou should probably TRAIN this model on a down-stream task to be able to use it for predictions and inference.",
     ["classifier.bias", "classifier.weight"], [], [], "BertForSequenceClassification"),
    ("Some weights of ViTForImageClassification were not initialized from the model checkpoint at google/vit and are newly initialized because the shapes did "
     "not match:\n- classifier.bias: found shape torch.Size([1000]) in the checkpoint and torch.Size([10]) in the model instantiated\n- classifier.weight: found "
     "shape torch.Size([1000, 768]) in the checkpoint and torch.Size([10, 768]) in the model instantiated\nYou should probably TRAIN this model",
     [], [], ["classifier.bias", "classifier.weight"], "ViTForImageClassification"),
    ("ValueError: Cannot load <class 'diffusers.models.unets.unet_2d_condition.UNet2DConditionModel'> from ./x because the following keys are missing: \n "
     "conv_in.weight, conv_in.bias. \n Please make sure to pass `low_cpu_mem_usage=False` and `device_map=None` if you want to randomly initialize those weights.",
     ["conv_in.weight", "conv_in.bias"], [], [], "UNet2DConditionModel"),
    ("ValueError: Cannot load ./unet because conv_in.weight expected shape torch.Size([320, 4, 3, 3]), but got torch.Size([320, 9, 3, 3]). If you want to instead "
     "overwrite randomly initialized weights, please make sure to pass both `low_cpu_mem_usage=False` and `ignore_mismatched_sizes=True`.",
     [], [], ["conv_in.weight"], ""),
    ("ValueError: Cannot load ./unet because conv_in.weight expected shape tensor(..., device='meta', size=(320, 4, 3, 3)), but got torch.Size([320, 9, 3, 3]).",
     [], [], ["conv_in.weight"], ""),
    ("ValueError: Following weights were not initialized from checkpoint: {'lm_head.weight'}", ["lm_head.weight"], [], [], ""),
)


# word for word from their sources and from what people reported of them
OTHER_PROGRAMS = {
    "no-weights-file": (
        "OSError: Error no file named pytorch_model.bin, model.safetensors, tf_model.h5, model.ckpt.index or flax_model.msgpack found in directory /root/ckpts/t5-v1_1-xxl.",
        "OSError: Error no file named ['pytorch_model.bin', 'tf_model.h5', 'model.ckpt.index'] found in directory unilm_model/ or `from_tf` set to False",
        "OSError: Error no file named diffusion_pytorch_model.bin found in directory /content/drive/MyDrive/sd-ma/MagicAnimate/appearance_encoder."),
    "old-torch": (
        "ValueError: Due to a serious vulnerability issue in `torch.load`, even with `weights_only=True`, we now require users to upgrade torch to at least v2.6 in order to use the function. "
        "This version restriction does not apply when loading files with safetensors.\nSee the vulnerability report here https://nvd.nist.gov/vuln/detail/CVE-2025-32434",),
    "adapter-targets": (
        "ValueError: Target modules ['q_proj', 'v_proj'] not found in the base model. Please check the target modules and try again.",
        "ValueError: Target modules {'c_attn'} not found in the base model. Please check the target modules and try again.",
        "ValueError: Target modules [] not found in the base model. Please check the target modules and try again."),
    "lightning": (
        '  File "site-packages/pytorch_lightning/utilities/migration/utils.py", line 164, in _get_version\n    return checkpoint["pytorch-lightning_version"]\nKeyError: \'pytorch-lightning_version\'',
        '/usr/local/lib/python3.8/dist-packages/pytorch_lightning/utilities/migration/migration.py in _migrate_loop_global_step_to_progress_tracking(checkpoint)\n'
        '---> 85     global_step = checkpoint["global_step"]\nKeyError: \'global_step\''),
    "vllm": (
        '  File "vllm/model_executor/models/qwen2.py", line 371, in load_weights\nERROR 12-05 20:24:46 engine.py:366]     param = params_dict[name]\n'
        "ERROR 12-05 20:24:46 engine.py:366] KeyError: 'layers.0.mlp.down_proj.weight_scale'",),
    "no-weights-file ": ("RuntimeError: Cannot find any model weights with `/models/dolphin-2.5-mixtral-8x7b`",),
    "lightning ": (
        "KeyError: 'Trying to restore optimizer state but checkpoint contains only the model. This is probably due to `ModelCheckpoint.save_weights_only` being set to `True`.'",
        "KeyError: 'Trying to restore training state but checkpoint contains only the model. This is probably due to `ModelCheckpoint.save_weights_only` being set to `True`.'"),
    "hyper-parameters": (
        '  File "train.py", line 9, in <module>\n    model = Net.load_from_checkpoint(path)\n  File "lightning/pytorch/core/saving.py", line 165, in _load_state\n'
        "    obj = cls(**_cls_kwargs)\nTypeError: Net.__init__() missing 2 required positional arguments: 'hidden' and 'depth'",
        "    model = Net.load_from_checkpoint(path)\nTypeError: __init__() got an unexpected keyword argument 'lr'"),
    "other-shapes": (
        "AssertionError: Attempted to load weight (torch.Size([4096, 12288])) into parameter (torch.Size([4096, 8192]))",
        "ValueError: Trying to set a tensor of shape torch.Size([320, 9, 3, 3]) in \"weight\" (which has shape torch.Size([320, 4, 3, 3])), this look incorrect.",
        "llama_model_load: error loading model: check_tensor_dims: tensor 'token_embd.weight' has wrong shape; expected  4096, 32000, got  4096, 32001,     1,     1"),
    "vocabulary": (
        '  File "vllm/model_executor/layers/vocab_parallel_embedding.py", line 463, in weight_loader\n    assert loaded_weight.shape[output_dim] == self.org_vocab_size\n'
        "AssertionError",),
    "vllm ": ("ValueError: There is no module or parameter named 'layers.0.mlp.down_proj.weight_scale' in Qwen2Model",),
    "no-such-tensor": ("safetensors_rust.SafetensorError: File does not contain tensor model.embed_tokens.weight",),
    "safetensors-loading": ("safetensors_rust.SafetensorError: device cuda:1 is invalid",),
    "llama-cpp": (
        "llama_model_load: error loading model: error loading model hyperparameters: key not found in model: llama.context_length",
        "ValueError: Can not map tensor 'model.layers.0.mlp.down_proj.weight.absmax'",
        "llama_model_load: error loading model: done_getting_tensors: wrong number of tensors; expected 292, got 291",
        "llama_model_load: error loading model: create_tensor: tensor 'blk.0.ffn_gate.0.weight' not found",
        "error loading model: llama.cpp: tensor 'layers.7.attention_norm.weight' is missing from model",
        "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'qwen3next'"),
}
