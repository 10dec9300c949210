//! `Choices`: how a person wants sources to be read, in a form that files keep.

use serde::{Deserialize, Serialize};

use crate::ingest::LoadOptions;

/// Everything of `LoadOptions` but the sources and what is said of single ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ids: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dedupe_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dedupe: bool,
}

/// Choices that may be made several times.
const LISTS: [&str; 3] = ["id", "null-id", "dedupe-by"];

impl Choices {
    pub fn of(options: &LoadOptions) -> Self {
        let options = options.clone();
        Choices {
            customer: options.customer,
            time: options.time,
            event: options.event,
            channel: options.channel,
            value: options.value,
            score: options.score,
            session: options.session,
            preset: options.preset,
            anonymous: options.anonymous,
            ids: options.ids,
            max_ids: options.max_ids.map(|n| n.to_string()),
            null_ids: options.null_ids,
            dedupe_by: options.dedupe_by,
            time_format: options.time_format,
            tz: options.zone.map(|zone| zone.name().to_owned()),
            delimiter: options.delimiter.map(String::from),
            quote: options.quote.map(String::from),
            encoding: options.encoding,
            dedupe: options.dedupe,
        }
    }

    /// The same sources, read like this. A zone that this system does not know is left out.
    pub fn applied(&self, to: &LoadOptions) -> LoadOptions {
        let choices = self.clone();
        let first = |text: Option<String>| text.and_then(|text| text.chars().next());
        LoadOptions {
            sources: to.sources.clone(),
            workspace: to.workspace.clone(),
            customer: choices.customer,
            time: choices.time,
            event: choices.event,
            channel: choices.channel,
            value: choices.value,
            score: choices.score,
            session: choices.session,
            preset: choices.preset,
            anonymous: choices.anonymous,
            ids: choices.ids,
            max_ids: choices.max_ids.and_then(|n| n.parse().ok()),
            null_ids: choices.null_ids,
            dedupe_by: choices.dedupe_by,
            time_format: choices.time_format,
            zone: choices.tz.and_then(|zone| zone.parse().ok()),
            delimiter: first(choices.delimiter),
            quote: first(choices.quote),
            encoding: choices.encoding,
            dedupe: choices.dedupe,
            memory: to.memory,
            each: to.each.clone(),
            keep_rejects: to.keep_rejects,
            cache: to.cache.clone(),
        }
    }

    /// Each choice by its flag's name, for files that a person may read; those of a list one after the other.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("customer", &self.customer),
            ("time", &self.time),
            ("event", &self.event),
            ("channel", &self.channel),
            ("value", &self.value),
            ("score", &self.score),
            ("session", &self.session),
            ("preset", &self.preset),
            ("anonymous", &self.anonymous),
            ("max-ids", &self.max_ids),
            ("time-format", &self.time_format),
            ("tz", &self.tz),
            ("delimiter", &self.delimiter),
            ("quote", &self.quote),
            ("encoding", &self.encoding),
        ];
        let said = all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let lists = LISTS.into_iter().zip([&self.ids, &self.null_ids, &self.dedupe_by]);
        let listed = lists.flat_map(|(name, values)| values.iter().map(move |value| (name, value.as_str())));
        said.chain(listed).chain(self.dedupe.then_some(("dedupe", "yes"))).collect()
    }

    /// Whether a choice may be made several times.
    pub fn is_list(name: &str) -> bool {
        LISTS.contains(&name)
    }

    /// Takes a choice by its flag's name; `false` where there is no such flag.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let place = match name {
            "customer" => &mut self.customer,
            "time" => &mut self.time,
            "event" => &mut self.event,
            "channel" => &mut self.channel,
            "value" => &mut self.value,
            "score" => &mut self.score,
            "session" => &mut self.session,
            "preset" => &mut self.preset,
            "anonymous" => &mut self.anonymous,
            "max-ids" => &mut self.max_ids,
            "time-format" => &mut self.time_format,
            "tz" => &mut self.tz,
            "delimiter" => &mut self.delimiter,
            "quote" => &mut self.quote,
            "encoding" => &mut self.encoding,
            "dedupe" => {
                self.dedupe = value == "yes";
                return true;
            }
            _ => {
                let place = match name {
                    "id" => &mut self.ids,
                    "null-id" => &mut self.null_ids,
                    "dedupe-by" => &mut self.dedupe_by,
                    _ => return false,
                };
                place.push(value.to_owned());
                return true;
            }
        };
        *place = Some(value.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_come_back_as_they_were() {
        let options = LoadOptions {
            sources: vec!["a.csv".into()],
            customer: Some("user id".into()),
            channel: Some(String::new()),
            zone: "Europe/Berlin".parse().ok(),
            delimiter: Some('\t'),
            dedupe: true,
            ids: vec!["email".into(), "phone".into()],
            max_ids: Some(9),
            dedupe_by: vec!["event_id".into()],
            ..LoadOptions::default()
        };
        let choices = Choices::of(&options);
        assert_eq!(choices.applied(&options), options);
        let mut again = Choices::default();
        for (name, value) in choices.pairs() {
            assert!(again.set(name, value), "{name}");
        }
        assert_eq!(again, choices);
        assert!(!again.set("colour", "red"));
    }
}
