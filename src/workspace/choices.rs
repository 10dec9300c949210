//! `Choices`: how a person wants sources to be read, in a form that files keep.

use serde::{Deserialize, Serialize};

use crate::ingest::LoadOptions;

/// Everything of `LoadOptions` but the sources.
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
            customer: choices.customer,
            time: choices.time,
            event: choices.event,
            channel: choices.channel,
            value: choices.value,
            score: choices.score,
            session: choices.session,
            time_format: choices.time_format,
            zone: choices.tz.and_then(|zone| zone.parse().ok()),
            delimiter: first(choices.delimiter),
            quote: first(choices.quote),
            encoding: choices.encoding,
            dedupe: choices.dedupe,
            keep_rejects: to.keep_rejects,
        }
    }

    /// Each choice by its flag's name, for files that a person may read.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("customer", &self.customer),
            ("time", &self.time),
            ("event", &self.event),
            ("channel", &self.channel),
            ("value", &self.value),
            ("score", &self.score),
            ("session", &self.session),
            ("time-format", &self.time_format),
            ("tz", &self.tz),
            ("delimiter", &self.delimiter),
            ("quote", &self.quote),
            ("encoding", &self.encoding),
        ];
        let said = all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        said.chain(self.dedupe.then_some(("dedupe", "yes"))).collect()
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
            "time-format" => &mut self.time_format,
            "tz" => &mut self.tz,
            "delimiter" => &mut self.delimiter,
            "quote" => &mut self.quote,
            "encoding" => &mut self.encoding,
            "dedupe" => {
                self.dedupe = value == "yes";
                return true;
            }
            _ => return false,
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
