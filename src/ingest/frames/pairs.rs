//! Lists of names with values, as BigQuery writes the parameters of an event: each name becomes a column, as in JSON.

use polars::prelude::{DataType, IntoSeries, NamedFrom, PolarsResult, Series, StringChunked};

use super::{Blocks, Leaf, cell, guarded};

/// Most names that become columns of one list.
const NAMES_MAX: usize = 1000;

/// Blocks that are looked at for names: the first, the one in the middle and the last, since what is recorded changes.
const LOOKED_AT: usize = 3;

/// Whether a column holds lists of names with values.
fn are_pairs(dtype: &DataType) -> bool {
    let DataType::List(inner) = dtype else { return false };
    let DataType::Struct(fields) = &**inner else { return false };
    fields.len() >= 2
        && fields.iter().any(|field| field.name() == "key" && matches!(field.dtype(), DataType::String))
        && fields.iter().any(|field| field.name() == "value")
}

/// The columns of a file with such lists taken apart.
pub(in crate::ingest) fn taken_apart(file: &dyn Blocks, leaves: Vec<Leaf>) -> Result<Vec<Leaf>, String> {
    let n = file.n_blocks();
    let mut blocks = vec![0, n / 2, n.saturating_sub(1)];
    blocks.truncate(LOOKED_AT.min(n));
    blocks.dedup();
    let mut all = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let mut names: Vec<String> = Vec::new();
        if leaf.are_pairs {
            for &block in &blocks {
                let root = file.columns(block, &[leaf.root])?.pop().ok_or("a column was not decoded")?.into_series();
                guarded(|| add_names(&root, &mut names))?;
            }
        }
        match names.is_empty() {
            true => all.push(leaf),
            false => all.extend(names.into_iter().map(|key| Leaf {
                name: format!("{}.{key}", leaf.name),
                pair: Some(key),
                ..leaf.clone()
            })),
        }
    }
    let mut seen = hashbrown::HashSet::new();
    for leaf in &mut all {
        while !seen.insert(leaf.name.clone()) {
            leaf.name.push_str("_2");
        }
    }
    Ok(all)
}

/// Marks the columns that hold such lists.
pub(super) fn mark(leaf: &mut Leaf, dtype: &DataType) {
    leaf.are_pairs = are_pairs(dtype);
}

fn add_names(root: &Series, names: &mut Vec<String>) -> PolarsResult<()> {
    let inner = root.list()?.get_inner();
    let keys = inner.struct_()?.field_by_name("key")?;
    let mut last = None;
    for key in keys.str()?.iter().flatten().filter(|key| !key.is_empty()) {
        if last != Some(key) && names.len() < NAMES_MAX && !names.iter().any(|known| known == key) {
            names.push(key.to_owned());
        }
        last = Some(key);
    }
    Ok(())
}

/// The values of one name, row by row: numbers where all are, else texts.
pub(super) fn values(root: &Series, key: &str) -> PolarsResult<Series> {
    let root = root.rechunk();
    let list = root.list()?;
    let inner = list.get_inner().rechunk();
    let pairs = inner.struct_()?;
    let keys = pairs.field_by_name("key")?;
    let has_key: Vec<bool> = keys.str()?.iter().map(|known| known == Some(key)).collect();
    let mut places: Vec<Option<usize>> = Vec::with_capacity(list.len());
    for chunk in list.downcast_iter() {
        places.extend(chunk.offsets().windows(2).map(|ends| {
            let (start, end) = (ends[0] as usize, ends[1] as usize);
            has_key[start..end].iter().position(|has| *has).map(|at| start + at)
        }));
    }
    let value = pairs.field_by_name("value")?;
    let name = root.name().clone();
    let DataType::Struct(_) = value.dtype() else {
        let texts: StringChunked = places.into_iter().map(|at| cell::text(&value, at?)).collect();
        return Ok(texts.with_name(name).into_series());
    };
    let fields: Vec<Series> = value.struct_()?.fields_as_series().into_iter().map(|field| field.rechunk()).collect();
    let of = |wanted: &str| fields.iter().find(|field| field.name() == wanted);
    let (texts, ints) = (of("string_value"), of("int_value"));
    let doubles: Vec<&Series> = [of("double_value"), of("float_value")].into_iter().flatten().collect();
    let is_text = |at: &usize| texts.is_some_and(|texts| cell::text(texts, *at).is_some());
    let is_double = |at: &usize| doubles.iter().any(|field| cell::text(field, *at).is_some());
    let has_texts = places.iter().flatten().any(is_text) || ints.is_none();
    if !has_texts && !places.iter().flatten().any(is_double) {
        let ints = ints.map(|ints| ints.cast(&DataType::Int64)).transpose()?;
        let ints = ints.as_ref().map(|ints| ints.i64()).transpose()?;
        let values: Vec<Option<i64>> = places.into_iter().map(|at| ints?.get(at?)).collect();
        return Ok(Series::new(name, values));
    }
    let first = |at: usize| {
        texts.into_iter().chain(ints).chain(doubles.iter().copied()).find_map(|field| cell::text(field, at))
    };
    if has_texts {
        let values: StringChunked = places.into_iter().map(|at| first(at?)).collect();
        return Ok(values.with_name(name).into_series());
    }
    let values: Vec<Option<f64>> = places.into_iter().map(|at| first(at?)?.parse().ok()).collect();
    Ok(Series::new(name, values))
}
