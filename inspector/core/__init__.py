"""The front door: everything a script, the window or a command needs, and nothing behind it need be imported by name.

    from inspector import core
    ckpt = core.open("run/last.pth")

Nothing in a file is ever run. This file holds names only; what stands behind one is loaded when it is first used, so that looking into a
file loads nothing that compares, edits, saves or measures, and neither numpy nor torch. The imports below are for type checkers and
editors, `_HOMES` says the same at run time, and `tests/core/test_front_door.py` holds them together.

In the examples of the docstrings `np` is numpy and `folder` an empty folder.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inspector import __version__ as version

from . import checkpoint as _checkpoint
from .runtime import late

if TYPE_CHECKING:
    from . import wording as wording
    from .adapters import AdapterFit as AdapterFit
    from .adapters import said_of_adapters as said_of_adapters
    from .architecture.listing import architecture_text as architecture_text
    from .architecture.modules import Architecture as Architecture
    from .architecture.modules import Module as Module
    from .batches import Batch as Batch
    from .batches import BatchFile as BatchFile
    from .batches import NotInBatch as NotInBatch
    from .batches import PlannedEdit as PlannedEdit
    from .batches import SavedEdit as SavedEdit
    from .batches import SaveOptions as SaveOptions
    from .batches import batch as batch
    from .batches import edit_files as edit_files
    from .batches import plan_batch as plan_batch
    from .batches import refused_of_batch as refused_of_batch
    from .batches import save_batch as save_batch
    from .by_path.architecture import architectures as architectures
    from .by_path.architecture import is_transposed as is_transposed
    from .by_path.checks import loads_with_torch as loads_with_torch
    from .by_path.checks import model_dicts as model_dicts
    from .by_path.checks import optimizers as optimizers
    from .by_path.hints import may_be_packed as may_be_packed
    from .by_path.measures import check as check
    from .by_path.measures import check_report as check_report
    from .by_path.measures import group_statistics as group_statistics
    from .by_path.measures import health as health
    from .by_path.measures import measurable as measurable
    from .by_path.measures import summarize as summarize
    from .by_path.measures import summarize_each as summarize_each
    from .by_path.measures import summarize_group as summarize_group
    from .by_path.measures import summarize_tensor as summarize_tensor
    from .by_path.measures import value_findings as value_findings
    from .by_path.measures import weights_among as weights_among
    from .by_path.packed import countable as countable
    from .by_path.packed import fitting_types as fitting_types
    from .by_path.packed import inner_adapters as inner_adapters
    from .by_path.packed import is_adapter as is_adapter
    from .by_path.packed import logical as logical
    from .by_path.packed import packed_tensors as packed_tensors
    from .by_path.packed import packed_view as packed_view
    from .by_path.packed import reinterpret as reinterpret
    from .by_path.packed import stored_codes as stored_codes
    from .by_path.packed import unpacked as unpacked
    from .by_path.tables import byte_map as byte_map
    from .by_path.tables import counts as counts
    from .by_path.tables import describe as describe
    from .by_path.tables import experts as experts
    from .by_path.tables import headline as headline
    from .by_path.tables import roles as roles
    from .by_path.tables import sizes as sizes
    from .by_path.tables import totals as totals
    from .by_path.tensors import channel_measures as channel_measures
    from .by_path.tensors import channel_norms as channel_norms
    from .by_path.tensors import digest as digest
    from .by_path.tensors import digest_of as digest_of
    from .by_path.tensors import digests as digests
    from .by_path.tensors import find_next as find_next
    from .by_path.tensors import identity_of as identity_of
    from .by_path.tensors import iter_chunks as iter_chunks
    from .by_path.tensors import kernel_sheet as kernel_sheet
    from .by_path.tensors import read_numpy as read_numpy
    from .by_path.tensors import read_slice as read_slice
    from .by_path.tensors import read_values as read_values
    from .by_path.tensors import reduce_slice as reduce_slice
    from .by_path.tensors import row_order as row_order
    from .by_path.tensors import sharing as sharing
    from .by_path.texts import read_text as read_text
    from .by_path.texts import source_of as source_of
    from .by_path.texts import text_pieces as text_pieces
    from .by_path.texts import texts as texts
    from .checking import CheckReport as CheckReport
    from .checkpoint import Checkpoint as Checkpoint
    from .checkpoint import Chunk as Chunk
    from .checkpoint import Edited as Edited
    from .checkpoint import Extent as Extent
    from .checkpoint import Extra as Extra
    from .checkpoint import FileStamp as FileStamp
    from .checkpoint import Jagged as Jagged
    from .checkpoint import Member as Member
    from .checkpoint import Nested as Nested
    from .checkpoint import Opaque as Opaque
    from .checkpoint import PartOf as PartOf
    from .checkpoint import PerChannel as PerChannel
    from .checkpoint import PerTensor as PerTensor
    from .checkpoint import Pickle as Pickle
    from .checkpoint import Plain as Plain
    from .checkpoint import SparseCompressed as SparseCompressed
    from .checkpoint import SparseCoo as SparseCoo
    from .checkpoint import Storage as Storage
    from .checkpoint import TensorInfo as TensorInfo
    from .comparing import compare as compare
    from .comparing import judged as judged
    from .comparison.differences.pair_details import PairDetails as PairDetails
    from .comparison.differences.pair_details import difference_histogram as difference_histogram
    from .comparison.differences.pair_details import difference_slice as difference_slice
    from .comparison.differences.pair_details import pair_details as pair_details
    from .comparison.differences.pair_details import pair_nbytes as pair_nbytes
    from .comparison.differences.streaming import by_content as by_content
    from .comparison.differences.streaming import differences as differences
    from .comparison.differences.streaming import with_difference as with_difference
    from .comparison.differences.three_way import ThreeWay as ThreeWay
    from .comparison.differences.three_way import Triple as Triple
    from .comparison.differences.three_way import ValueTriple as ValueTriple
    from .comparison.differences.three_way import compare_with_base as compare_with_base
    from .comparison.differences.three_way import with_triples as with_triples
    from .comparison.differences.verdict import verdict_of as verdict_of
    from .comparison.loading.adapters import AdapterReport as AdapterReport
    from .comparison.loading.adapters import ModuleDelta as ModuleDelta
    from .comparison.loading.adapters import adapter_report as adapter_report
    from .comparison.loading.adapters import deltas_of as deltas_of
    from .comparison.loading.contract import Breaches as Breaches
    from .comparison.loading.contract import assert_fits as assert_fits
    from .comparison.loading.contract import breaches as breaches
    from .comparison.loading.contract import contract as contract
    from .comparison.loading.contract import save_contract as save_contract
    from .comparison.loading.doctor import doctor as doctor
    from .comparison.loading.fit import load_report as load_report
    from .comparison.loading.fit import read_reference as read_reference
    from .comparison.loading.inner_merges import InnerMerge as InnerMerge
    from .comparison.loading.lists import Lists as Lists
    from .comparison.loading.lists import Mismatch as Mismatch
    from .comparison.loading.load_report import LoadReport as LoadReport
    from .comparison.loading.model_shapes import shapes_of_model as shapes_of_model
    from .comparison.loading.optimizer_groups import OptimizerFit as OptimizerFit
    from .comparison.loading.optimizer_groups import parameter_groups as parameter_groups
    from .comparison.loading.reference import Reference as Reference
    from .comparison.loading.reference import read_shapes as read_shapes
    from .comparison.loading.reference import read_text_file as read_text_file
    from .comparison.loading.renaming import Step as Step
    from .comparison.loading.renaming import steps_for as steps_for
    from .comparison.pairing.lineage import Delta as Delta
    from .comparison.pairing.lineage import Depth as Depth
    from .comparison.pairing.lineage import Inference as Inference
    from .comparison.pairing.lineage import Lineage as Lineage
    from .comparison.pairing.pairs import Comparison as Comparison
    from .comparison.pairing.pairs import Difference as Difference
    from .comparison.pairing.pairs import Grown as Grown
    from .comparison.pairing.pairs import Pair as Pair
    from .comparison.pairing.pairs import Rearranged as Rearranged
    from .comparison.pairing.pairs import Undecided as Undecided
    from .comparison.pairing.pairs import Unsearched as Unsearched
    from .comparison.pairing.pairs import Verdict as Verdict
    from .comparison.pairing.pairs import pair_up as pair_up
    from .comparison.pairing.pairs import with_pairs as with_pairs
    from .comparison.pairing.rules import Rule as Rule
    from .comparison.pairing.sides import WHOLE as WHOLE
    from .comparison.pairing.values import ValueChange as ValueChange
    from .contract_file import read_contract as read_contract
    from .demo import make_demo as make_demo
    from .dtypes import DTYPES as DTYPES
    from .dtypes import Dtype as Dtype
    from .edits.add_prefix import AddPrefix as AddPrefix
    from .edits.cast import Cast as Cast
    from .edits.concat import Concat as Concat
    from .edits.copy import Copy as Copy
    from .edits.dequantize import Dequantize as Dequantize
    from .edits.drop import Drop as Drop
    from .edits.drop_broken import DropBroken as DropBroken
    from .edits.editing import Applied as Applied
    from .edits.editing import apply_each as apply_each
    from .edits.editing import edit as edit
    from .edits.editing import effects as effects
    from .edits.editing import notes_when_read as notes_when_read
    from .edits.effects import Change as Change
    from .edits.effects import Effect as Effect
    from .edits.effects import EffectRow as EffectRow
    from .edits.effects import EffectRows as EffectRows
    from .edits.effects import changes_between as changes_between
    from .edits.effects import effect_rows as effect_rows
    from .edits.extract import Extract as Extract
    from .edits.keep import Keep as Keep
    from .edits.make_plain import MakePlain as MakePlain
    from .edits.match import Match as Match
    from .edits.merge_adapter import MergeAdapter as MergeAdapter
    from .edits.optimizer_for import OptimizerFor as OptimizerFor
    from .edits.recipe import as_command as as_command
    from .edits.recipe import as_option as as_option
    from .edits.recipe import as_python as as_python
    from .edits.recipe import edit_options as edit_options
    from .edits.recipe import from_recipe as from_recipe
    from .edits.recipe import parse_edit as parse_edit
    from .edits.recipe import read_recipe as read_recipe
    from .edits.recipe import save_recipe as save_recipe
    from .edits.recipe import takes_text as takes_text
    from .edits.recipe import to_recipe as to_recipe
    from .edits.remap_devices import RemapDevices as RemapDevices
    from .edits.rename import Rename as Rename
    from .edits.renumber import Renumber as Renumber
    from .edits.reorder import Reorder as Reorder
    from .edits.reshape import Reshape as Reshape
    from .edits.resize import FILLS as FILLS
    from .edits.resize import Resize as Resize
    from .edits.set_metadata import SetMetadata as SetMetadata
    from .edits.set_value import SetValue as SetValue
    from .edits.split import Split as Split
    from .edits.strip_prefix import StripPrefix as StripPrefix
    from .edits.take import Take as Take
    from .edits.tools.common import Edit as Edit
    from .edits.transpose import Transpose as Transpose
    from .edits.unshare import Unshare as Unshare
    from .errors import Ambiguous as Ambiguous
    from .errors import BadTensor as BadTensor
    from .errors import Cancelled as Cancelled
    from .errors import Changed as Changed
    from .errors import Corrupt as Corrupt
    from .errors import EditError as EditError
    from .errors import FileMissing as FileMissing
    from .errors import InspectorError as InspectorError
    from .errors import NoSuchKey as NoSuchKey
    from .errors import NotACheckpoint as NotACheckpoint
    from .errors import ReadError as ReadError
    from .errors import ReferenceMissing as ReferenceMissing
    from .errors import SaveError as SaveError
    from .errors import TooBig as TooBig
    from .errors import Truncated as Truncated
    from .errors import Unreadable as Unreadable
    from .errors import Unsupported as Unsupported
    from .errors import UsageError as UsageError
    from .finding_groups import FindingGroup as FindingGroup
    from .finding_groups import count_places as count_places
    from .finding_groups import grouped_findings as grouped_findings
    from .findings import LEVELS as LEVELS
    from .findings import Finding as Finding
    from .findings import Level as Level
    from .findings import worst as worst
    from .formats.source_texts import Declaration as Declaration
    from .formats.source_texts import Text as Text
    from .io.addresses import absolute_path as absolute_path
    from .io.addresses import file_name as file_name
    from .io.addresses import folder_of as folder_of
    from .io.addresses import is_address as is_address
    from .io.addresses import with_secrets as with_secrets
    from .io.addresses import without_secrets as without_secrets
    from .io.new_files import replace_file as replace_file
    from .io.side_outputs import OutputKind as OutputKind
    from .io.side_outputs import check_apart as check_apart
    from .io.side_outputs import check_output as check_output
    from .io.side_outputs import write_output as write_output
    from .keypath import ancestors as ancestors
    from .keypath import is_under as is_under
    from .keypath import isolated as isolated
    from .keypath import join as join
    from .keypath import leaf_of as leaf_of
    from .keypath import parent_of as parent_of
    from .keypath import quoted as quoted
    from .keypath import relative as relative
    from .keypath import seen_from as seen_from
    from .keypath import segments_of as segments_of
    from .keypath import top_of as top_of
    from .keypath import under as under
    from .keypath import visible as visible
    from .keypath import visible_lines as visible_lines
    from .known_errors.explaining import explain_error as explain_error
    from .known_errors.explanation import Explanation as Explanation
    from .known_errors.explanation import Remedy as Remedy
    from .limits import LIMITS as LIMITS
    from .limits import Limits as Limits
    from .measures.bin_edges import ALL_VALUES as ALL_VALUES
    from .measures.bin_edges import FINE_BINS as FINE_BINS
    from .measures.bin_edges import MIDDLE_VALUES as MIDDLE_VALUES
    from .measures.bin_edges import BinEdges as BinEdges
    from .measures.bin_edges import BinRange as BinRange
    from .measures.bin_edges import linear_threshold as linear_threshold
    from .measures.groups import GroupStatistics as GroupStatistics
    from .measures.groups import Measurable as Measurable
    from .measures.histogram import Binned as Binned
    from .measures.histogram import Fine as Fine
    from .measures.layers import LAYER_MEASURES as LAYER_MEASURES
    from .measures.layers import LayerLine as LayerLine
    from .measures.layers import LayerPoint as LayerPoint
    from .measures.layers import ending_of as ending_of
    from .measures.layers import family_of as family_of
    from .measures.layers import layer_lines as layer_lines
    from .measures.layers import layer_of as layer_of
    from .measures.layers import pattern_of as pattern_of
    from .measures.merging import BIN_CHOICES as BIN_CHOICES
    from .measures.merging import edges_near as edges_near
    from .measures.merging import merge_bins as merge_bins
    from .measures.merging import merge_summaries as merge_summaries
    from .measures.merging import sensible_bins as sensible_bins
    from .measures.ridges import Ridge as Ridge
    from .measures.ridges import ridge as ridge
    from .measures.ridges import ridge_range as ridge_range
    from .measures.ridges import share_outside as share_outside
    from .measures.summary import BINS as BINS
    from .measures.summary import QUANTILES as QUANTILES
    from .measures.summary import Summary as Summary
    from .measures.summary import rebin as rebin
    from .measures.type_ranges import range_fits as range_fits
    from .mixtures import Experts as Experts
    from .naming_conventions import ADDED_PREFIXES as ADDED_PREFIXES
    from .naming_conventions import STRIPPED_PREFIXES as STRIPPED_PREFIXES
    from .opening import checkpoint_in as checkpoint_in
    from .opening import checkpoints_in as checkpoints_in
    from .opening import checkpoints_in_all as checkpoints_in_all
    from .opening import file_of as file_of
    from .opening import is_set as is_set
    from .opening import open as open
    from .packed.countable import Countable as Countable
    from .packed.families.names import LogicalTensor as LogicalTensor
    from .packed.reinterpreted import ElementType as ElementType
    from .packed.reinterpreted import FittingType as FittingType
    from .packed.reinterpreted import element_type as element_type
    from .packed.reinterpreted import parse_shape as parse_shape
    from .packed.view import PackedView as PackedView
    from .pickles.objects.names import any_runs_commands as any_runs_commands
    from .plain_values import one_line as one_line
    from .plain_values import to_json as to_json
    from .plain_values import type_name as type_name
    from .progress import QUIET as QUIET
    from .progress import Monitor as Monitor
    from .progress import Share as Share
    from .progress import stoppable as stoppable
    from .python_objects.html import as_html as as_html
    from .python_objects.loading import load as load
    from .reopening import Rewritten as Rewritten
    from .reopening import has_changed as has_changed
    from .reopening import open_between_writes as open_between_writes
    from .reopening import rewritten as rewritten
    from .runs.averaging import Average as Average
    from .runs.averaging import Likeness as Likeness
    from .runs.averaging import average as average
    from .runs.averaging import averaged_keys as averaged_keys
    from .runs.averaging import likeness as likeness
    from .runs.kept import KeptNumbers as KeptNumbers
    from .runs.lags import AverageLag as AverageLag
    from .runs.lags import average_lags as average_lags
    from .runs.metrics import Best as Best
    from .runs.metrics import best_of as best_of
    from .runs.metrics import direction_of as direction_of
    from .runs.remarks import Remark as Remark
    from .runs.remarks import remarks as remarks
    from .runs.sentences import remark_text as remark_text
    from .runs.sentences import run_label as run_label
    from .runs.series import LeftOut as LeftOut
    from .runs.series import RunCheckpoint as RunCheckpoint
    from .runs.series import Series as Series
    from .runs.series import SeriesReader as SeriesReader
    from .runs.series import is_run as is_run
    from .runs.series import series as series
    from .runs.tables import RunTable as RunTable
    from .runs.tables import RunTableKind as RunTableKind
    from .runs.tables import run_table as run_table
    from .runs.tables import run_table_bytes as run_table_bytes
    from .runs.tables import run_table_output as run_table_output
    from .runs.tracks import MeasuredCheckpoint as MeasuredCheckpoint
    from .runs.tracks import Track as Track
    from .runs.tracks import TrackPoint as TrackPoint
    from .runs.tracks import Tracks as Tracks
    from .runs.tracks import measure_series as measure_series
    from .runs.tracks import measured_series as measured_series
    from .runs.tracks import tracks_of as tracks_of
    from .runs.watching import watched as watched
    from .runtime.collector import CollectorByHand as CollectorByHand
    from .runtime.collector import collector_paused as collector_paused
    from .runtime.memory import release_memory as release_memory
    from .saving.disk.atomic import recover as recover
    from .saving.endings import edited_path as edited_path
    from .saving.layouts.losses import Loss as Loss
    from .saving.object.merged import merge as merge
    from .saving.plan import PlannedFile as PlannedFile
    from .saving.plan import SavePlan as SavePlan
    from .saving.plan import plan_save as plan_save
    from .saving.writing import SaveReport as SaveReport
    from .saving.writing import check_plan as check_plan
    from .saving.writing import save as save
    from .suggestions.conversion import Conversion as Conversion
    from .suggestions.conversion import conversion_of as conversion_of
    from .suggestions.differences import Differences as Differences
    from .suggestions.differences import Wish as Wish
    from .suggestions.differences import edits_for_differences as edits_for_differences
    from .suggestions.differences import wishes_about as wishes_about
    from .suggestions.findings import fixes_for as fixes_for
    from .suggestions.findings import fixes_for_each as fixes_for_each
    from .suggestions.merging import Merge as Merge
    from .suggestions.merging import merge_of as merge_of
    from .suggestions.parts import Part as Part
    from .suggestions.parts import prefix_of as prefix_of
    from .suggestions.parts import wrapper_prefixes as wrapper_prefixes
    from .suggestions.renames import rename_for as rename_for
    from .suggestions.selection import edits_for_only as edits_for_only
    from .suggestions.selection import edits_for_part as edits_for_part
    from .suggestions.selection import text_for_part as text_for_part
    from .tensor_table import column as column
    from .tensor_table import in_order as in_order
    from .tensor_table import kinds as kinds
    from .tensor_table import made_of as made_of
    from .tensors.array_kinds import EmptyArray as EmptyArray
    from .tensors.array_kinds import NestedArray as NestedArray
    from .tensors.array_kinds import QuantizedArray as QuantizedArray
    from .tensors.array_kinds import SparseArray as SparseArray
    from .tensors.channels import ALIKE_AT_MOST as ALIKE_AT_MOST
    from .tensors.channels import MOST_KERNELS as MOST_KERNELS
    from .tensors.channels import ChannelMeasures as ChannelMeasures
    from .tensors.channels import ChannelNorms as ChannelNorms
    from .tensors.channels import KernelSheet as KernelSheet
    from .tensors.channels import RowOrder as RowOrder
    from .tensors.channels import alike_order as alike_order
    from .tensors.channels import most_alike as most_alike
    from .tensors.channels import unit_lines as unit_lines
    from .tensors.content_digest import Digest as Digest
    from .tensors.content_digest import DigestDifferences as DigestDifferences
    from .tensors.content_digest import TensorDigest as TensorDigest
    from .tensors.content_digest import compare_digests as compare_digests
    from .tensors.content_digest import read_digest as read_digest
    from .tensors.content_digest import save_digest as save_digest
    from .tensors.lazy import LazyTensor as LazyTensor
    from .tensors.sharing import Relation as Relation
    from .tensors.sharing import relation as relation
    from .tensors.sizes import Sizes as Sizes
    from .tensors.slices import Plane as Plane
    from .tensors.slices import Reduced as Reduced
    from .tensors.slices import Reduction as Reduction
    from .tensors.slices import SearchTarget as SearchTarget
    from .tensors.slices import matrix_plane as matrix_plane
    from .tensors.slices import numbers as numbers
    from .tensors.slices import ravel as ravel
    from .tensors.slices import readable_shape as readable_shape
    from .tensors.slices import unravel as unravel
    from .torch_bridge import load_state_dict as load_state_dict
    from .torch_bridge import read_torch as read_torch
    from .torch_load import LoadsWithTorch as LoadsWithTorch
    from .torch_load import Refused as Refused
    from .training.byte_map import BYTE_KINDS as BYTE_KINDS
    from .training.byte_map import ByteBox as ByteBox
    from .training.byte_map import ByteKind as ByteKind
    from .training.description import Description as Description
    from .training.description import Model as Model
    from .training.optimizers import Optimizer as Optimizer
    from .training.optimizers import parameters_of_state as parameters_of_state
    from .training.optimizers import state_of_parameters as state_of_parameters
    from .training.sentences import sentence as sentence
    from .training.totals import Subtotal as Subtotal
    from .training.totals import Totals as Totals
    from .training.treemap import MapPlace as MapPlace
    from .training.treemap import map_places as map_places
    from .training.weights import Counts as Counts

_HOMES = {
    "adapters": "AdapterFit said_of_adapters",
    "opening": "checkpoint_in checkpoints_in checkpoints_in_all file_of is_set open",
    "reopening": "Rewritten has_changed open_between_writes rewritten",
    "by_path.tensors":
        "channel_measures channel_norms digest digest_of digests find_next identity_of iter_chunks kernel_sheet read_numpy read_slice "
        "read_values reduce_slice row_order sharing",
    "by_path.hints": "may_be_packed",
    "by_path.packed":
        "countable fitting_types inner_adapters is_adapter logical packed_tensors packed_view reinterpret stored_codes "
        "unpacked",
    "by_path.tables": "byte_map counts describe experts headline roles sizes totals",
    "by_path.measures":
        "check check_report group_statistics health measurable summarize summarize_each summarize_group summarize_tensor value_findings "
        "weights_among",
    "architecture.listing": "architecture_text",
    "architecture.modules": "Architecture Module",
    "by_path.architecture": "architectures is_transposed",
    "by_path.checks": "loads_with_torch model_dicts optimizers",
    "checking": "CheckReport",
    "finding_groups": "FindingGroup count_places grouped_findings",
    "checkpoint":
        "Checkpoint Chunk Edited Extent Extra FileStamp Jagged Member Nested Opaque PartOf PerChannel PerTensor Pickle Plain "
        "SparseCompressed SparseCoo Storage TensorInfo",
    "suggestions.conversion": "Conversion conversion_of",
    "suggestions.findings": "fixes_for fixes_for_each",
    "suggestions.differences": "Differences Wish edits_for_differences wishes_about",
    "suggestions.merging": "Merge merge_of",
    "suggestions.parts": "Part prefix_of wrapper_prefixes",
    "suggestions.renames": "rename_for",
    "suggestions.selection": "edits_for_only edits_for_part text_for_part",
    "tensors.array_kinds": "EmptyArray NestedArray QuantizedArray SparseArray",
    "python_objects.html": "as_html",
    "python_objects.loading": "load",
    "tensors.channels": "ALIKE_AT_MOST MOST_KERNELS ChannelMeasures ChannelNorms KernelSheet RowOrder alike_order most_alike unit_lines",
    "tensors.content_digest": "Digest DigestDifferences TensorDigest compare_digests read_digest save_digest",
    "tensors.lazy": "LazyTensor",
    "tensors.slices": "Plane Reduced Reduction SearchTarget matrix_plane numbers ravel readable_shape unravel",
    "tensors.sizes": "Sizes",
    "tensors.sharing": "Relation relation",
    "torch_bridge": "load_state_dict read_torch",
    "torch_load": "LoadsWithTorch Refused",
    "batches":
        "Batch BatchFile NotInBatch PlannedEdit SaveOptions SavedEdit batch edit_files plan_batch refused_of_batch save_batch",
    "comparing": "compare judged",
    "comparison.differences.streaming": "by_content differences with_difference",
    "comparison.differences.pair_details": "PairDetails difference_histogram difference_slice pair_details pair_nbytes",
    "comparison.differences.three_way": "ThreeWay Triple ValueTriple compare_with_base with_triples",
    "comparison.differences.verdict": "verdict_of",
    "comparison.loading.doctor": "doctor",
    "comparison.loading.adapters": "AdapterReport ModuleDelta adapter_report deltas_of",
    "comparison.loading.contract": "Breaches assert_fits breaches contract save_contract",
    "comparison.loading.fit": "load_report read_reference",
    "comparison.loading.lists": "Lists Mismatch",
    "comparison.loading.inner_merges": "InnerMerge",
    "comparison.loading.load_report": "LoadReport",
    "comparison.loading.model_shapes": "shapes_of_model",
    "comparison.loading.optimizer_groups": "OptimizerFit parameter_groups",
    "comparison.loading.reference": "Reference read_shapes read_text_file",
    "comparison.loading.renaming": "Step steps_for",
    "comparison.pairing.lineage": "Delta Depth Inference Lineage",
    "comparison.pairing.pairs": "Comparison Difference Grown Pair Rearranged Undecided Unsearched Verdict pair_up with_pairs",
    "comparison.pairing.rules": "Rule",
    "comparison.pairing.sides": "WHOLE",
    "comparison.pairing.values": "ValueChange",
    "contract_file": "read_contract",
    "demo": "make_demo",
    "mixtures": "Experts",
    "dtypes": "DTYPES Dtype",
    "edits.add_prefix": "AddPrefix",
    "edits.cast": "Cast",
    "edits.concat": "Concat",
    "edits.copy": "Copy",
    "edits.dequantize": "Dequantize",
    "edits.drop": "Drop",
    "edits.drop_broken": "DropBroken",
    "edits.editing": "Applied apply_each edit effects notes_when_read",
    "edits.effects": "Change Effect EffectRow EffectRows changes_between effect_rows",
    "edits.extract": "Extract",
    "edits.keep": "Keep",
    "edits.make_plain": "MakePlain",
    "edits.match": "Match",
    "edits.merge_adapter": "MergeAdapter",
    "edits.optimizer_for": "OptimizerFor",
    "edits.recipe": "as_command as_option as_python edit_options from_recipe parse_edit read_recipe save_recipe takes_text to_recipe",
    "edits.remap_devices": "RemapDevices",
    "edits.rename": "Rename",
    "edits.renumber": "Renumber",
    "edits.reorder": "Reorder",
    "edits.reshape": "Reshape",
    "edits.resize": "FILLS Resize",
    "edits.set_metadata": "SetMetadata",
    "edits.set_value": "SetValue",
    "edits.split": "Split",
    "edits.strip_prefix": "StripPrefix",
    "edits.take": "Take",
    "edits.transpose": "Transpose",
    "edits.tools.common": "Edit",
    "edits.unshare": "Unshare",
    "errors":
        "Ambiguous BadTensor Cancelled Changed Corrupt EditError FileMissing InspectorError NoSuchKey NotACheckpoint ReadError "
        "ReferenceMissing SaveError TooBig Truncated Unreadable Unsupported UsageError",
    "findings": "LEVELS Finding Level worst",
    "by_path.texts": "read_text source_of text_pieces texts",
    "formats.source_texts": "Declaration Text",
    "io.addresses": "absolute_path file_name folder_of is_address with_secrets without_secrets",
    "io.new_files": "replace_file",
    "io.side_outputs": "OutputKind check_apart check_output write_output",
    "known_errors.explaining": "explain_error",
    "known_errors.explanation": "Explanation Remedy",
    "keypath": "ancestors is_under isolated join leaf_of parent_of quoted relative seen_from segments_of top_of under visible "
               "visible_lines",
    "limits": "LIMITS Limits",
    "measures.bin_edges": "ALL_VALUES FINE_BINS MIDDLE_VALUES BinEdges BinRange linear_threshold",
    "measures.groups": "GroupStatistics Measurable",
    "measures.histogram": "Binned Fine",
    "measures.layers": "LAYER_MEASURES LayerLine LayerPoint ending_of family_of layer_lines layer_of pattern_of",
    "measures.merging": "BIN_CHOICES edges_near merge_bins merge_summaries sensible_bins",
    "measures.ridges": "Ridge ridge ridge_range share_outside",
    "measures.type_ranges": "range_fits",
    "measures.summary": "BINS QUANTILES Summary rebin",
    "training.byte_map": "BYTE_KINDS ByteBox ByteKind",
    "training.totals": "Subtotal Totals",
    "training.treemap": "MapPlace map_places",
    "naming_conventions": "ADDED_PREFIXES STRIPPED_PREFIXES",
    "packed.families.names": "LogicalTensor",
    "packed.countable": "Countable",
    "packed.reinterpreted": "ElementType FittingType element_type parse_shape",
    "packed.view": "PackedView",
    "plain_values": "one_line to_json type_name",
    "pickles.objects.names": "any_runs_commands",
    "progress": "QUIET Monitor Share stoppable",
    "runtime.collector": "CollectorByHand collector_paused",
    "runtime.memory": "release_memory",
    "runs.averaging": "Average Likeness average averaged_keys likeness",
    "runs.kept": "KeptNumbers",
    "runs.lags": "AverageLag average_lags",
    "runs.metrics": "Best best_of direction_of",
    "runs.remarks": "Remark remarks",
    "runs.sentences": "remark_text run_label",
    "runs.series": "LeftOut RunCheckpoint Series SeriesReader is_run series",
    "runs.tables": "RunTable RunTableKind run_table run_table_bytes run_table_output",
    "runs.tracks": "MeasuredCheckpoint Track TrackPoint Tracks measure_series measured_series tracks_of",
    "runs.watching": "watched",
    "saving.disk.atomic": "recover",
    "saving.endings": "edited_path",
    "saving.layouts.losses": "Loss",
    "saving.object.merged": "merge",
    "saving.plan": "PlannedFile SavePlan plan_save",
    "saving.writing": "SaveReport check_plan save",
    "training.description": "Description Model",
    "tensor_table": "column in_order kinds made_of",
    "training.optimizers": "Optimizer parameters_of_state state_of_parameters",
    "training.sentences": "sentence",
    "training.weights": "Counts",
}
_ROOMS = ("wording",)           # whole modules: core.wording.size(1234)
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["version", *_ROOMS, *_HOME]


if not TYPE_CHECKING:           # or every misspelt name would be an Any
    def __getattr__(name: str) -> Any:
        """Loads what `name` stands for, once: from then on it is an attribute like any other."""
        home = _HOME.get(name)
        if home is None and name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = late.module(f"{__name__}.{home or name}")
        found = globals()[name] = module if home is None else module.__dict__[name]
        return found

    _checkpoint.front_door = __getattr__


def __dir__() -> list[str]:
    return sorted(__all__)
