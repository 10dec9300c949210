//! The batch command that gives what a screen shows, quoted for a shell.

use crate::analysis::funnel::{BreakdownAt, ExcludeMode, FunnelSpec, Order, Unit};
use crate::analysis::retention::period_word;
use crate::analysis::{CompareSpec, LifecycleSpec, RetentionSpec, Scope, Spec};
use crate::base::WeekStart;
use crate::ingest::LoadOptions;

/// A text as one word of a shell command.
pub fn quote(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '=' | ',' | '+' | '%');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

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
    let (asked, cell) = match spec {
        Spec::Customers(customers) => match (&customers.of, &customers.cell) {
            (Some(of), Some(cell)) => (&**of, Some(cell)),
            _ => (spec, None),
        },
        spec => (spec, None),
    };
    words.word(asked.name());
    for source in &options.sources {
        words.word(source);
    }
    match asked {
        Spec::Funnel(spec) => funnel(spec, cell.is_some(), &mut words),
        Spec::Journey(spec) => words.flag("--customer-id", &spec.customer),
        Spec::Retention(spec) => retention(spec, &mut words),
        Spec::Compare(spec) => compare(spec, &mut words),
        Spec::Lifecycle(spec) => lifecycle(spec, &mut words),
        Spec::Profile(_) | Spec::Customers(_) | Spec::Events(_) => {}
    }
    scope(asked.scope(), &mut words);
    words.maybe("--who", cell.map(String::as_str));
    load(options, &mut words);
    words.0.join(" ")
}

fn funnel(spec: &FunnelSpec, is_list: bool, words: &mut Words) {
    for step in &spec.steps {
        words.flag("-s", &step.to_string());
    }
    words.flag("--within", &spec.within.to_string());
    order(spec.order, words);
    for step in &spec.ignore {
        words.flag("--ignore", &step.to_string());
    }
    for exclusion in &spec.exclude {
        words.flag("--exclude", &exclusion.to_string());
    }
    if spec.exclude_mode == ExcludeMode::Remove {
        words.flag("--exclude-mode", "remove");
    }
    words.maybe("--same", spec.same.as_deref());
    words.switch("--first-time", spec.first_time);
    match spec.unit {
        Unit::Customers => {}
        Unit::Sessions => words.flag("--unit", "sessions"),
        Unit::Attempts => words.flag("--unit", "attempts"),
    }
    words.switch("--mature", spec.mature);
    words.maybe("--breakdown", spec.breakdown.as_deref());
    if spec.breakdown_at != BreakdownAt::Entry {
        words.flag("--breakdown-at", &spec.breakdown_at.to_string());
    }
    if is_list {
        return;
    }
    words.switch("--times", spec.times);
    words.switch("--after", spec.after);
    words.switch("--sensitivity", spec.sensitivity);
    if let Some(period) = spec.trend {
        words.flag("--trend", &format!("{period:?}").to_lowercase());
    }
    if spec.week_start != WeekStart::default() {
        words.flag("--week-start", &format!("{:?}", spec.week_start).to_lowercase());
    }
    words.maybe("--trace", spec.trace.as_deref());
}

fn order(order: Order, words: &mut Words) {
    match order {
        Order::Ordered => {}
        Order::Strict => words.flag("--order", "strict"),
        Order::Any => words.flag("--order", "any"),
    }
}

fn week_start(week_start: WeekStart, words: &mut Words) {
    match week_start {
        WeekStart::Monday => {}
        WeekStart::Sunday => words.flag("--week-start", "sunday"),
    }
}

fn retention(spec: &RetentionSpec, words: &mut Words) {
    let plain = RetentionSpec::default();
    words.flag("--cohort", &spec.cohort);
    words.maybe("--start", spec.start.as_ref().map(ToString::to_string).as_deref());
    words.maybe("--return", spec.returns.as_ref().map(ToString::to_string).as_deref());
    words.maybe("--period", spec.period.map(period_word));
    if spec.mode != plain.mode {
        words.flag("--mode", spec.mode.word());
    }
    words.switch("--rolling", spec.rolling);
    words.switch("--recurring", spec.recurring);
    words.maybe("--brackets", spec.brackets.as_ref().map(ToString::to_string).as_deref());
    if spec.min_count != plain.min_count {
        words.flag("--min-count", &spec.min_count.to_string());
    }
    if spec.periods != plain.periods {
        words.flag("--periods", &spec.periods.to_string());
    }
    words.maybe("--breakdown", spec.breakdown.as_deref());
    week_start(spec.week_start, words);
}

/// Pinned cohorts are lists that no flag can name; what is left of the question is one that can be asked.
fn compare(spec: &CompareSpec, words: &mut Words) {
    let plain = CompareSpec::default();
    for cohort in &spec.cohorts {
        words.flag("--cohort", &cohort.to_string());
    }
    words.maybe("--by", spec.by.as_deref());
    for time in &spec.split {
        words.flag("--split", &time.to_string());
    }
    words.maybe("--baseline", spec.baseline.as_deref());
    for step in &spec.steps {
        words.flag("-s", &step.to_string());
    }
    if !spec.steps.is_empty() {
        words.flag("--within", &spec.within.to_string());
    }
    order(spec.order, words);
    words.switch("--with-open", spec.with_open);
    if spec.retention != plain.retention && !spec.retention.is_empty() {
        let list: Vec<String> = spec.retention.iter().map(u32::to_string).collect();
        words.flag("--retention", &list.join(","));
    }
    if spec.period != plain.period {
        words.flag("--period", period_word(spec.period));
    }
    words.switch("--rolling", spec.rolling);
    for column in &spec.breakdown {
        words.flag("--breakdown", column);
    }
    week_start(spec.week_start, words);
    if spec.resamples != plain.resamples {
        words.flag("--resamples", &spec.resamples.to_string());
    }
    if spec.seed != plain.seed {
        words.flag("--seed", &spec.seed.to_string());
    }
}

fn lifecycle(spec: &LifecycleSpec, words: &mut Words) {
    words.flag("--period", period_word(spec.period));
    words.maybe("--active", spec.active.as_ref().map(ToString::to_string).as_deref());
    week_start(spec.week_start, words);
}

fn scope(scope: &Scope, words: &mut Words) {
    words.maybe("--events", scope.events.as_deref());
    words.maybe("--customers", scope.customers.as_deref());
    for (name, when) in [("--since", &scope.since), ("--until", &scope.until), ("--as-of", &scope.as_of)] {
        words.maybe(name, when.as_ref().map(ToString::to_string).as_deref());
    }
    words.switch("--clip", scope.clip);
    if scope.session_gap != Scope::default().session_gap {
        words.flag("--session-gap", &scope.session_gap.to_string());
    }
}

fn load(options: &LoadOptions, words: &mut Words) {
    let named = [
        ("--customer", &options.customer),
        ("--time", &options.time),
        ("--event", &options.event),
        ("--channel", &options.channel),
        ("--value", &options.value),
        ("--score", &options.score),
        ("--session", &options.session),
        ("--time-format", &options.time_format),
        ("--encoding", &options.encoding),
    ];
    for (name, value) in named {
        words.maybe(name, value.as_deref());
    }
    words.maybe("--tz", options.zone.as_ref().map(crate::base::Zone::name));
    words.maybe("--delimiter", options.delimiter.map(String::from).as_deref());
    words.maybe("--quote", options.quote.map(String::from).as_deref());
    words.switch("--dedupe", options.dedupe);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{CustomersSpec, JourneySpec};
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
    fn a_list_is_the_question_and_the_cell() {
        let list = CustomersSpec {
            of: Some(Box::new(Spec::Funnel(funnel_spec()))),
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
