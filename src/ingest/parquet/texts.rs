//! Columns of texts by their own dictionaries: the decoder hands out the codes that stand in the file, where it would write
//! a text into every row.

use std::io::Cursor;
use std::ops::Range;

use polars::prelude::{ArrowDataType, ArrowField, PolarsResult};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{DTYPE_CATEGORICAL_NEW, IntegerType, Metadata};
use polars_buffer::Buffer;
use polars_parquet::read::{BasicDecompressor, ColumnChunkMetadata, Filter, PageReader, column_iter_to_arrays};

/// Codes by row, and their texts.
pub(super) type Piece = (PrimitiveArray<u32>, Utf8ViewArray);

/// Some rows of a column of texts whose every page holds places in a dictionary. `bytes` is the file.
pub(super) fn read(bytes: &Buffer<u8>, column: &ColumnChunkMetadata, rows: Range<usize>) -> PolarsResult<Vec<Piece>> {
    let lies = column.byte_range();
    let chunk = bytes.clone().sliced(lies.start as usize..lies.end as usize);
    let pages = BasicDecompressor::new(PageReader::new(Cursor::new(chunk), column, vec![], usize::MAX), vec![]);
    let kind = &column.descriptor().descriptor.primitive_type;
    let dtype = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::Utf8View), false);
    // The decoder leaves codes as they are in a column that is said to be of categories.
    let categories = Metadata::from([(DTYPE_CATEGORICAL_NEW.into(), "".into())]);
    let field = ArrowField::new("".into(), dtype, true).with_metadata(categories);
    let rows = Filter::new_ranged(rows.start, rows.end);
    let (arrays, _) = column_iter_to_arrays(vec![pages], vec![kind], field, Some(rows))?;
    Ok(arrays.iter().filter_map(|array| piece(&**array)).collect())
}

fn piece(array: &dyn Array) -> Option<Piece> {
    let array = array.as_any().downcast_ref::<DictionaryArray<u32>>()?;
    let texts = array.values().as_any().downcast_ref::<Utf8ViewArray>()?;
    Some((array.keys().clone(), texts.clone()))
}
