//! The batch command that gives what a screen shows, quoted for a shell.

use crate::analysis::ask::{self, quote};
use crate::analysis::{CustomersSpec, Spec};
use crate::ingest::LoadOptions;
use crate::workspace::in_use::named_in;

/// The words of a command, collected.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn word(&mut self, text: &str) {
        self.0.push(quote(text));
    }

    fn flag(&mut self, name: &str, value: &str) {
        self.0.push(name.to_owned());
        // A value that begins with a dash would be read as a flag.
        if value.starts_with('-') {
            let name = self.0.pop().expect("it was pushed above");
            self.0.push(format!("{name}={}", quote(value)));
        } else {
            self.0.push(quote(value));
        }
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.flag(name, value);
        }
    }

    fn switch(&mut self, name: &str, is_on: bool) {
        if is_on {
            self.0.push(name.to_owned());
        }
    }
}

/// The command for a question about sources that were opened with these options.
pub fn command(options: &LoadOptions, spec: &Spec) -> String {
    let mut words = Words::default();
    words.word("trailmap");
    let (asked, cell) = behind(spec);
    words.word(asked.name());
    let (workspace, options) = &named_in(options);
    for source in &options.sources {
        words.word(source);
    }
    words.maybe("--workspace", workspace.as_deref());
    words.0.extend(ask::flags(asked));
    words.maybe("--who", cell.map(String::as_str));
    load(options, &mut words);
    words.0.join(" ")
}

/// The question and the cell whose customers are asked for.
fn behind(spec: &Spec) -> (&Spec, Option<&String>) {
    match spec {
        Spec::Customers(CustomersSpec { of: Some(of), cell: Some(cell), .. }) => (&**of, Some(cell)),
        spec => (spec, None),
    }
}

/// The question alone, as the views of a workspace hold it.
pub fn question(spec: &Spec) -> String {
    let mut words = Words::default();
    let (asked, cell) = behind(spec);
    words.word(asked.name());
    words.0.extend(ask::flags(asked));
    words.maybe("--who", cell.map(String::as_str));
    words.0.join(" ")
}

/// The flags that say how sources are read.
pub fn reading(options: &LoadOptions) -> String {
    let mut words = Words::default();
    load(options, &mut words);
    words.0.join(" ")
}

fn load(options: &LoadOptions, words: &mut Words) {
    let named = [
        ("--preset", &options.preset),
        ("--customer", &options.customer),
        ("--time", &options.time),
        ("--event", &options.event),
        ("--channel", &options.channel),
        ("--value", &options.value),
        ("--score", &options.score),
        ("--session", &options.session),
        ("--anonymous", &options.anonymous),
        ("--time-format", &options.time_format),
        ("--encoding", &options.encoding),
    ];
    for (name, value) in named {
        words.maybe(name, value.as_deref());
    }
    words.maybe("--tz", options.zone.as_ref().map(crate::base::Zone::name));
    words.maybe("--delimiter", options.delimiter.map(String::from).as_deref());
    words.maybe("--quote", options.quote.map(String::from).as_deref());
    let lists = [("--id", &options.ids), ("--null-id", &options.null_ids), ("--dedupe-by", &options.dedupe_by)];
    for (name, values) in lists {
        values.iter().for_each(|value| words.flag(name, value));
    }
    words.maybe("--max-ids", options.max_ids.map(|n| n.to_string()).as_deref());
    words.switch("--dedupe", options.dedupe);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{FunnelSpec, JourneySpec, Scope};
    use crate::base::Span;

    fn options(sources: &[&str]) -> LoadOptions {
        LoadOptions { sources: sources.iter().map(|source| (*source).to_owned()).collect(), ..LoadOptions::default() }
    }

    fn funnel_spec() -> FunnelSpec {
        let steps = ["cart", "pay now[value > 50]"].map(|step| step.parse().expect("a step"));
        FunnelSpec { steps: steps.to_vec(), within: Span::days(14), times: true, ..FunnelSpec::default() }
    }

    #[test]
    fn a_funnel_is_one_command() {
        let mut spec = funnel_spec();
        spec.scope.events = Some("channel == \"it's\"".into());
        assert_eq!(
            command(&options(&["my events.csv"]), &Spec::Funnel(spec)),
            r#"trailmap funnel 'my events.csv' -s cart -s 'pay now[value > 50]' --within 14d --times --events 'channel == "it'\''s"'"#
        );
    }

    #[test]
    fn a_workspace_is_named_by_its_flag_however_it_was_opened() {
        let spec = Spec::Journey(JourneySpec { customer: "7".into(), scope: Scope::default() });
        let expect = "trailmap journey --workspace 'my maps/trailmap.toml' --customer-id 7";
        assert_eq!(command(&options(&["my maps/trailmap.toml"]), &spec), expect);
        let named = LoadOptions { workspace: Some("w.toml".into()), ..options(&["e.csv"]) };
        assert_eq!(command(&named, &spec), "trailmap journey e.csv --workspace w.toml --customer-id 7");
    }

    #[test]
    fn a_list_is_the_question_and_the_cell() {
        let list = CustomersSpec {
            of: Some(Box::new(Spec::Funnel(FunnelSpec { times: false, ..funnel_spec() }))),
            cell: Some("1:dropped@-x".into()),
            scope: Scope::default(),
        };
        assert_eq!(
            command(&options(&["e.csv"]), &Spec::Customers(list)),
            "trailmap funnel e.csv -s cart -s 'pay now[value > 50]' --within 14d --who '1:dropped@-x'"
        );
        let journey = JourneySpec { customer: "-1".into(), scope: Scope::default() };
        assert_eq!(
            command(&LoadOptions { customer: Some("user id".into()), ..options(&["e.csv"]) }, &Spec::Journey(journey)),
            "trailmap journey e.csv --customer-id=-1 --customer 'user id'"
        );
    }
}
