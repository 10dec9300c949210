//! What is said of each source: flags go for every source that has the column they name, and a workspace may speak of each
//! source by itself.
//!
//! Where sources call the same thing differently, a flag may name several columns (`--customer 'user_id|client'`), of which
//! each source takes the first that it has. A source that has none of them is left to be guessed; that no source has it is
//! an error.

use std::fs;

use super::presets::Wish;
use super::report::Role;
use super::roles::{self, ROLES, RoleMap, SampleColumn, flag_place, flag_value};
use super::source::{Input, expand, repeat_note};
use super::{Error, LoadOptions, adobe};
use crate::base::Ctl;
use crate::base::visible::visible;

/// What is said of some of the sources alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OfSources {
    /// What they are called where it is said.
    pub name: String,
    /// How they are read; the sources that it goes for stand in it.
    pub said: LoadOptions,
}

/// What is said of one source.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'o> {
    flags: &'o LoadOptions,
    /// What is said of it alone, by its place.
    own: Option<usize>,
    /// No other source is read with it.
    is_alone: bool,
}

/// The options of one source, once its columns are known.
#[derive(Debug, Clone)]
pub struct Own {
    pub options: LoadOptions,
    /// What `LoadOptions::each` says of it, by its place.
    pub at: Option<usize>,
    /// What flags name that this source does not have.
    missed: Vec<(Role, String)>,
}

impl LoadOptions {
    /// These options, and where they say nothing, what others say. The sources stay.
    #[must_use]
    pub fn or(mut self, said: &LoadOptions) -> LoadOptions {
        for role in ROLES {
            if flag_value(&self, role).is_none() {
                *flag_place(&mut self, role) = flag_value(said, role).map(str::to_owned);
            }
        }
        let texts = [
            (&mut self.preset, &said.preset),
            (&mut self.time_format, &said.time_format),
            (&mut self.encoding, &said.encoding),
        ];
        for (own, said) in texts {
            if own.is_none() {
                own.clone_from(said);
            }
        }
        let lists =
            [(&mut self.ids, &said.ids), (&mut self.null_ids, &said.null_ids), (&mut self.dedupe_by, &said.dedupe_by)];
        for (own, said) in lists {
            if own.is_empty() {
                own.clone_from(said);
            }
        }
        self.max_ids = self.max_ids.or(said.max_ids);
        self.zone = self.zone.take().or_else(|| said.zone.clone());
        self.delimiter = self.delimiter.or(said.delimiter);
        self.quote = self.quote.or(said.quote);
        self.dedupe |= said.dedupe;
        self
    }
}

/// Inputs with what is said of each, and notes about what was left out.
pub type Inputs<'o> = (Vec<(Input, Asked<'o>)>, Vec<String>);

/// The inputs of all sources, each with what is said of it, and notes about what was left out.
///
/// # Errors
/// A source that does not exist, cannot be opened, or is on a network.
pub fn inputs<'o>(options: &'o LoadOptions, ctl: &Ctl) -> Result<Inputs<'o>, Error> {
    let mut found: Vec<(Input, Option<usize>)> = Vec::new();
    let mut notes = Vec::new();
    if options.each.is_empty() || options.sources.is_empty() {
        let (inputs, said) = expand(&options.sources, ctl)?;
        found.extend(inputs.into_iter().map(|input| (input, None)));
        notes = said;
    } else {
        let mut seen = std::collections::HashSet::new();
        for source in &options.sources {
            let own = options.each.iter().position(|each| each.said.sources.contains(source));
            let (inputs, mut said) = expand(std::slice::from_ref(source), ctl)?;
            notes.append(&mut said);
            for input in inputs {
                let path = input.path().map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
                notes.extend(path.filter(|path| !seen.insert(path.clone())).map(|_| repeat_note(&input.name)));
                found.push((input, own));
            }
        }
    }
    let is_lookup = |input: &Input| input.path().is_some_and(adobe::is_lookup);
    if found.iter().any(|(input, _)| !is_lookup(input)) {
        found.retain(|(input, _)| {
            let is_left_out = is_lookup(input);
            if is_left_out {
                let name = visible(&input.name);
                notes.push(format!("{name} was left out: it explains the hits of the Adobe data feed beside it."));
            }
            !is_left_out
        });
    }
    let is_alone = found.len() == 1;
    let asked = |(input, own)| (input, Asked { flags: options, own, is_alone });
    Ok((found.into_iter().map(asked).collect(), notes))
}

impl Asked<'_> {
    /// The options by which it is found out what the source is.
    pub fn before(&self) -> LoadOptions {
        match self.own {
            Some(at) => self.flags.clone().or(&self.flags.each[at].said),
            None => self.flags.clone(),
        }
    }

    /// The options for a source with these columns. What is said of single sources goes, for one that none is about, to
    /// those that have all columns it names.
    pub fn of(&self, columns: &[String]) -> Own {
        let at = self.own.or_else(|| self.flags.each.iter().position(|each| fits(&each.said, columns)));
        let mut options = LoadOptions { each: Vec::new(), ..self.flags.clone() };
        let mut missed = Vec::new();
        for role in ROLES {
            let Some(said) = flag_value(&options, role).filter(|said| !said.is_empty()).map(str::to_owned) else {
                continue;
            };
            let place = flag_place(&mut options, role);
            match one_of(columns, &said) {
                Some(name) => *place = Some(name),
                None if self.is_alone => {}
                None => {
                    *place = None;
                    missed.push((role, said));
                }
            }
        }
        if let Some(at) = at {
            options = options.or(&self.flags.each[at].said);
        }
        Own { options, at, missed }
    }

    /// An error about columns, with the source it is about where there are several.
    pub fn explain(&self, error: Error, own: &Own, input: &Input) -> Error {
        let Error::Columns(what) = error else { return error };
        match own.at {
            Some(at) => Error::Columns(format!("source `{}`: {what}", visible(&self.flags.each[at].name))),
            None if !self.is_alone => Error::Columns(format!("{}: {what}", visible(&input.name))),
            None => Error::Columns(what),
        }
    }
}

impl Own {
    /// What is said of columns that flags name and this source does not have.
    pub fn notes(&self, file: &str, columns: &[String], roles: &RoleMap) -> Vec<String> {
        let taken = |(role, said): &(Role, String)| {
            let column = match role {
                Role::Customer if roles.has_customer() => roles.customer,
                Role::Event => roles.event,
                Role::Time => roles.time,
                _ => return None,
            };
            let (role, name) = (role.name(), visible(columns.get(column)?));
            let (said, file) = (visible(said), visible(file));
            Some(format!("{file} has no column `{said}` (--{role}), so `{name}` was taken for its {role}."))
        };
        self.missed.iter().filter_map(taken).collect()
    }

    /// The roles of the columns.
    ///
    /// # Errors
    /// As `roles::assign`; where a flag names a column that is not there, that is said first.
    pub fn roles(&self, columns: &[SampleColumn<'_>], wish: &Wish) -> Result<RoleMap, Error> {
        let assign = if wish.is_links() { roles::assign_ids } else { roles::assign };
        assign(columns, &wish.options).map_err(|error| {
            let unread = self.missed.iter().find_map(|(role, said)| roles::find(columns, said, role.name()).err());
            unread.unwrap_or(error)
        })
    }
}

/// Which of the columns a flag means: the one of this name, else the first of several names.
fn one_of(columns: &[String], said: &str) -> Option<String> {
    let names = || columns.iter().map(String::as_str);
    if roles::place_of(names(), said).is_some() {
        return Some(said.to_owned());
    }
    alternatives(said).find(|name| roles::place_of(names(), name).is_some()).map(str::to_owned)
}

fn alternatives(said: &str) -> impl Iterator<Item = &str> {
    said.split('|').map(str::trim).filter(|name| !name.is_empty())
}

/// Whether a source has all the columns that are named.
fn fits(said: &LoadOptions, columns: &[String]) -> bool {
    ROLES
        .into_iter()
        .filter_map(|role| flag_value(said, role).filter(|name| !name.is_empty()))
        .all(|name| one_of(columns, name).is_some())
}

/// # Errors
/// A flag names a column that no source has; the columns of the first are listed.
pub fn all_named(options: &LoadOptions, columns: &[&[String]]) -> Result<(), Error> {
    for role in ROLES {
        let Some(said) = flag_value(options, role).filter(|said| !said.is_empty()) else { continue };
        if columns.iter().any(|columns| one_of(columns, said).is_some()) {
            continue;
        }
        let none = |name| SampleColumn { name, values: Vec::new(), n_rows: 0 };
        let first: Vec<SampleColumn<'_>> =
            columns.first().copied().unwrap_or_default().iter().map(|name| none(name.as_str())).collect();
        roles::find(&first, said, role.name())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn asked(flags: &LoadOptions, is_alone: bool) -> Asked<'_> {
        Asked { flags, own: None, is_alone }
    }

    #[test]
    fn a_flag_means_the_first_of_its_names_that_a_source_has() {
        let flags = LoadOptions { customer: Some("user_id|client".into()), ..LoadOptions::default() };
        let of = |columns: &str| asked(&flags, false).of(&names(columns)).options.customer;
        assert_eq!(of("ts client"), Some("client".into()));
        assert_eq!(of("ts client user_id"), Some("user_id".into()));
        assert_eq!(of("user_id|client client"), Some("user_id|client".into()));
        assert_eq!(of("ts buyer"), None);
        let alone = asked(&flags, true).of(&names("ts buyer")).options.customer;
        assert_eq!(alone, Some("user_id|client".into()));
        let error = all_named(&flags, &[&names("a b"), &names("c")]).expect_err("nowhere").to_string();
        assert!(error.starts_with("--customer: no column is named `user_id|client`"), "{error}");
        assert!(all_named(&flags, &[&names("a b"), &names("client")]).is_ok());
    }

    #[test]
    fn what_is_said_of_a_source_goes_to_one_that_has_its_columns() {
        let each = |name: &str, customer: &str| OfSources {
            name: name.into(),
            said: LoadOptions { customer: Some(customer.into()), ..LoadOptions::default() },
        };
        let flags = LoadOptions {
            time: Some("at".into()),
            each: vec![each("web", "visitor"), each("till", "card")],
            ..LoadOptions::default()
        };
        let own = asked(&flags, false).of(&names("card at"));
        assert_eq!(
            (own.at, own.options.customer.as_deref(), own.options.time.as_deref()),
            (Some(1), Some("card"), Some("at"))
        );
        assert_eq!(asked(&flags, false).of(&names("x at")).at, None);
    }
}
