//! Sources of different kinds beside each other: which of them are of one kind, which ids they have in common, and which
//! only look alike.
//!
//! Systems know a person by their own numbers, and nearly all of them know the e-mail address. Where two kinds of sources
//! have a column of addresses, the addresses link. Numbers that mean something in one product alone never do.

use super::Looked;
use crate::base::visible::visible;
use crate::ingest::LoadOptions;
use crate::ingest::presets::COMPANY;
use crate::ingest::roles;

/// What columns with the e-mail address of the person are called, without case, blanks and punctuation.
const MAIL_NAMES: [&str; 22] = [
    "email",
    "emailaddress",
    "mail",
    "useremail",
    "useremailaddress",
    "customeremail",
    "customeremailaddress",
    "contactemail",
    "billingemail",
    "requesteremail",
    "subscriberemail",
    "recipientemail",
    "memberemail",
    "buyeremail",
    "respondentemail",
    "leademail",
    "clientemail",
    "primaryemail",
    "owneremail",
    "邮箱",
    "电子邮件",
    "用户邮箱",
];

/// Objects in which what is called `email` is that of the person.
const MAIL_PARENTS: [&str; 13] = [
    "userproperties",
    "eventparams",
    "properties",
    "eventproperties",
    "personproperties",
    "traits",
    "contexttraits",
    "user",
    "customer",
    "person",
    "contact",
    "requester",
    "billing",
];

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a column holds the e-mail addresses of the people that a table is about, and not those of agents or senders.
pub fn is_mail(name: &str, values: &[&str]) -> bool {
    let whole = plain(name);
    let is_named = MAIL_NAMES.contains(&whole.as_str())
        || name.rsplit_once('.').is_some_and(|(parent, last)| {
            let last = plain(last);
            matches!(last.as_str(), "email" | "emailaddress" | "mail") && MAIL_PARENTS.contains(&plain(parent).as_str())
        });
    let is_address = |text: &&&str| {
        let text = text.trim();
        text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.') && !host.contains('@'))
            && !text.contains(char::is_whitespace)
    };
    is_named && values.iter().filter(is_address).count() * 10 >= values.len() * 8
}

/// Which sources are of one kind: exports of the same product, or tables whose columns of the same names play the same
/// parts. Files of one kind are parts of one export. Numbered in the order in which they are met.
pub fn kinds(looked: &[Looked]) -> Vec<usize> {
    let mut known: Vec<[&str; 5]> = Vec::new();
    let mut kinds = Vec::with_capacity(looked.len());
    for source in looked {
        let name = |column: usize| source.columns.get(column).map_or("", String::as_str);
        let roles = &source.roles;
        let key = match source.wish.preset {
            Some(preset) => [preset.name, "", "", "", ""],
            None => {
                let anonymous = roles.anonymous.map_or("", name);
                ["", name(roles.customer), name(roles.event), name(roles.time), anonymous]
            }
        };
        kinds.push(known.iter().position(|other| *other == key).unwrap_or_else(|| {
            known.push(key);
            known.len() - 1
        }));
    }
    kinds
}

/// Ids of a product that mean something there alone become ids beside those of customers, so that number 17 of a help desk
/// is not customer 17. Whoever names the column of customers means what is named.
pub fn keep_apart(looked: &mut [Looked], options: &LoadOptions) {
    let kinds = kinds(looked);
    if options.customer.is_some() || kinds.iter().all(|kind| *kind == kinds[0]) {
        return;
    }
    let named: Vec<(usize, String)> = looked
        .iter()
        .zip(&kinds)
        .filter(|(source, _)| source.roles.has_customer())
        .map(|(source, kind)| (*kind, source.columns[source.roles.customer].clone()))
        .collect();
    for (source, kind) in looked.iter_mut().zip(&kinds) {
        let is_own = source.wish.preset.is_some_and(|preset| preset.has_own_ids);
        let column = source.roles.customer;
        let name = &source.columns[column];
        let is_shared = named.iter().any(|(other, shared)| other != kind && shared == name);
        if is_own && source.roles.has_customer() && !is_shared {
            let own = source.wish.preset.map_or(&[][..], |preset| preset.ids);
            let is_company = |id: &String| own.iter().any(|(name, of)| id == name && *of == Some(COMPANY));
            source.wish.options.ids.iter_mut().filter(|id| is_company(id)).for_each(|id| id.push_str("=customer"));
            source.wish.options.ids.push(name.clone());
            source.roles.ids.push(column);
        }
    }
}

/// Links sources of different kinds through e-mail addresses, where nobody said which ids link; with a note about it.
pub fn link_addresses(looked: &mut [Looked], options: &LoadOptions) -> Option<String> {
    let kinds = kinds(looked);
    let is_said = !options.ids.is_empty() || options.each.iter().any(|each| !each.said.ids.is_empty());
    let mut with: Vec<usize> =
        (0..looked.len()).filter(|at| !looked[*at].mails.is_empty()).map(|at| kinds[at]).collect();
    with.sort_unstable();
    with.dedup();
    if is_said || with.len() < 2 {
        return None;
    }
    let is_customer = |source: &Looked| source.roles.has_customer() && source.mails.contains(&source.roles.customer);
    // Where addresses are the customers of a source, those of the others are ids of customers; else of the first column.
    let mut base = looked.iter().any(is_customer).then(|| "customer".to_owned());
    let mut said: Vec<(String, String)> = Vec::new();
    for source in looked.iter_mut() {
        let Looked { roles, columns, wish, mails, input, examples, .. } = source;
        let taken = [Some(roles.event), Some(roles.time), roles.channel, roles.value, roles.score, roles.session];
        for &column in mails.iter() {
            let name = columns[column].clone();
            let is_customer = roles.has_customer() && roles.customer == column;
            if taken.contains(&Some(column)) || roles.anonymous == Some(column) {
                continue;
            }
            // Of JSON, a column may be known that no object has.
            if examples.get(column).is_some_and(|example| !example.is_empty()) {
                said.push((name.clone(), input.name.clone()));
            }
            if is_customer {
                continue;
            }
            let text = match &base {
                Some(base) if *base != name => format!("{name}={base}"),
                _ => name.clone(),
            };
            let names = || columns.iter().map(String::as_str);
            wish.options.ids.retain(|id| roles::id_flag(names(), id).0 != name);
            wish.options.ids.push(text);
            if !roles.ids.contains(&column) {
                roles.ids.push(column);
            }
            base.get_or_insert(name);
        }
    }
    let mut once: Vec<String> = Vec::new();
    for (column, file) in said {
        let text = format!("`{}` of {}", visible(&column), visible(&file));
        if !once.contains(&text) && once.len() < SAID {
            once.push(text);
        }
    }
    (once.len() > 1).then(|| {
        format!("E-mail addresses link people of different sources: {}; --id '' leaves that out.", once.join(", "))
    })
}

/// Columns of addresses that a note names.
const SAID: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_person_are_told_from_those_of_others_and_from_what_is_no_address() {
        let some = ["ann@example.com", "bob@example.org", ""];
        for name in
            ["email", "E-mail", "Email Address", "user_properties.email", "billing.email", "context.traits.email"]
        {
            assert!(is_mail(name, &some[..2]), "{name}");
        }
        for name in ["assignee.email", "agent_email", "sender", "from.email", "subject"] {
            assert!(!is_mail(name, &some[..2]), "{name}");
        }
        assert!(!is_mail("email", &["yes", "no"]));
        assert!(!is_mail("email", &["a@b", "ann@example.com x"]));
    }
}
