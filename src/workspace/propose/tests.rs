//! Proposed workspaces: they open, every event is in one, and what was guessed is what a person would guess.

use std::sync::Arc;

use super::seen::look;
use super::*;
use crate::base::Ctl;
use crate::ingest::{ColumnReport, LoadOptions, LoadReport, Role};
use crate::journey::fixture::journeys;
use crate::workspace::Workspace;

fn report(roles: &[(&str, Role)]) -> LoadReport {
    let column = |(name, role): &(&str, Role)| ColumnReport {
        name: (*name).to_owned(),
        role: *role,
        certainty: 0.9,
        kind: String::new(),
        example: String::new(),
    };
    LoadReport { columns: roles.iter().map(column).collect(), ..LoadReport::default() }
}

fn text(data: &str, preset: &str) -> String {
    let seen =
        look(&Arc::new(journeys(data)), &report(&[("who", Role::Customer)]), &Ctl::new()).expect("not cancelled");
    let preset = presets::find(preset).expect("known");
    let files = ["events.csv".to_owned()];
    seen.propose(&Wish { name: "made up", files: &files, load: &LoadOptions::default(), preset, language: "en" })
}

fn proposed(data: &str, preset: &str) -> Workspace {
    let text = text(data, preset);
    Workspace::parse("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

/// Touchpoints by stage, as `stage: id id`.
fn stages(workspace: &Workspace) -> Vec<String> {
    let ids = |stage: &str| {
        let of_stage = workspace.touchpoints.iter().filter(|t| t.plan.stage.as_deref() == Some(stage));
        of_stage.map(|touchpoint| touchpoint.plan.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    workspace.stages.iter().map(|stage| format!("{}: {}", stage.plan.id, ids(&stage.plan.id))).collect()
}

const SHOP: &str = "a: ad_click0 visit1 product_view2 cart_add3 login4 order_paid5 delivered9 order_paid20
b: visit0 product_view1 cart_add2 login3 payment_failed4
c: visit0 product_view1 cart_add2 login3 order_paid5 delivered9 ticket_opened10";

#[test]
fn events_are_put_in_stages_by_their_names_and_their_order() {
    assert_eq!(
        stages(&proposed(SHOP, "loyalty")),
        [
            "aware: ad_click visit",
            "consider: product_view",
            "purchase: cart_add login order_paid payment_failed",
            "use: delivered ticket_opened",
            "loyal: order_paid_again",
        ]
    );
    assert_eq!(
        stages(&proposed(SHOP, "decision"))[2..4],
        ["decide: cart_add login", "purchase: order_paid payment_failed"]
    );
    assert_eq!(stages(&proposed(SHOP, "advocacy"))[3], "retain: order_paid_again delivered ticket_opened");
}

#[test]
fn the_goal_good_and_bad_news_and_a_funnel_are_found() {
    let workspace = proposed(SHOP, "loyalty");
    let of = |id: &str| &workspace.touchpoints.iter().find(|t| t.plan.id == id).expect(id).plan;
    assert!(of("order_paid").is_goal && of("order_paid").valence == 1);
    assert_eq!((of("payment_failed").valence, of("ticket_opened").valence, of("visit").valence), (-1, -1, 0));
    let again = workspace.touchpoints.iter().position(|t| t.plan.id == "order_paid_again").expect("there");
    assert!(again < workspace.touchpoints.len());
    assert_eq!(workspace.funnels[0].spec.steps.last().map(ToString::to_string).as_deref(), Some("order_paid"));
    assert!(workspace.views[0].ask.starts_with("funnel -s "), "{}", workspace.views[0].ask);
}

#[test]
fn the_rule_of_doing_it_again_stands_before_that_of_doing_it() {
    let workspace = proposed(SHOP, "loyalty");
    let at = |id: &str| workspace.touchpoints.iter().position(|t| t.plan.id == id).expect(id);
    assert!(at("order_paid_again") < at("order_paid"));
}

#[test]
fn names_that_say_nothing_are_placed_before_and_after_the_goal() {
    let text = "a: k0 l1 m2 n3\nb: k0 l1 m2 n3\nc: k0 l1 m2\nd: k0 m1";
    let workspace = proposed(text, "loyalty");
    let all: usize = stages(&workspace).iter().map(|line| line.split(' ').count() - 1).sum();
    assert_eq!(all, 4);
    assert!(stages(&workspace)[0].starts_with("aware: k"), "{:?}", stages(&workspace));
}

#[test]
fn one_telling_name_among_many_places_none_of_the_others() {
    let text = "a: k0 l1 m2 return3 n4\nb: k0 l1 m2 n3\nc: k0 l1 m2";
    let workspace = proposed(text, "loyalty");
    assert!(stages(&workspace)[0].starts_with("aware: k"), "{:?}", stages(&workspace));
}

#[test]
fn a_name_that_says_nothing_goes_where_its_neighbours_are() {
    let text = "a: visit0 x1 visit2 cart3 y4 order_paid5\nb: visit0 cart1 y2 order_paid3\nc: visit0 x1 visit2";
    let workspace = proposed(text, "loyalty");
    assert_eq!(stages(&workspace), ["aware: visit x", "purchase: cart y order_paid"]);
}

#[test]
fn names_that_need_quotes_and_hostile_ones_make_a_file_that_opens() {
    let store = {
        use crate::journey::{Batch, BuildOptions, StoreBuilder};
        let mut batch = Batch::default();
        for (time, name) in
            ["say \"hi\"", "it's 'x'", "a\\b", "new\nline", "\u{1b}[31m", "日本 語", "a|b[c]", "#", "\u{202e}x"]
                .iter()
                .enumerate()
        {
            batch.customers.push("c");
            batch.touchpoints.push(name);
            batch.times.push(time as i64);
        }
        let mut builder = StoreBuilder::new(&[]);
        builder.add(batch, &[]).expect("few events");
        builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled")
    };
    let seen = look(&Arc::new(store), &report(&[]), &Ctl::new()).expect("not cancelled");
    let files = ["a \"b\".csv".to_owned()];
    let preset = &PRESETS[0];
    let text =
        seen.propose(&Wish { name: "\u{1b}", files: &files, load: &LoadOptions::default(), preset, language: "en" });
    assert!(!text.contains('\u{1b}'), "{text}");
    let workspace = Workspace::parse("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    assert_eq!(workspace.touchpoints.len(), 9);
    assert!(workspace.touchpoints.iter().any(|t| t.plan.id == "say \"hi\"" && t.when == "event == \"say \\\"hi\\\"\""));
}

#[test]
fn a_store_without_events_gives_a_file_that_opens() {
    let workspace = proposed("", "loyalty");
    assert_eq!((workspace.stages.len(), workspace.touchpoints.len(), workspace.funnels.len()), (0, 0, 0));
}
