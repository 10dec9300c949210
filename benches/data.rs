//! The demo shop as files, and questions as commands: what both benchmarks ask about.

use std::path::{Path, PathBuf};
use std::process::Command;

use trailmap::analysis::{Spec, ask};
use trailmap::base::Ctl;
use trailmap::ingest::{self, LoadOptions};

/// Customers of the demo shop; about 24 events each, so that this is about ten million events.
pub const CUSTOMERS: u64 = 425_259;

/// Of the funnel.
pub const STEPS: [&str; 5] = ["view_product", "add_to_cart", "begin_checkout", "add_payment", "purchase"];

pub const SIX_STAGES: &str = "--stage look=home_view|category_view|search|view_product|view_images|view_reviews|compare \
     --stage pick=add_to_cart|view_cart|change_quantity|remove_from_cart|wishlist_add \
     --stage check=begin_checkout|add_shipping|add_payment|coupon_apply --stage buy=purchase \
     --stage after=order_status|delivery_received|return_request|review_written \
     --stage reach=ad_click|email_open|email_click|push_open|promo_click";

/// The demo shop as a file, written once and kept beside the build.
pub fn demo(n_customers: u64, format: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shop-{n_customers}.{format}"));
    if !file.exists() {
        let customers = n_customers.to_string();
        let status = Command::new(env!("CARGO_BIN_EXE_trailmap"))
            .args(["demo", "shop", "--seed", "1", "--customers", &customers, "--format", format, "--out"])
            .arg(&file)
            .status()
            .expect("trailmap starts");
        assert!(status.success(), "trailmap demo wrote no {}", file.display());
    }
    file
}

pub fn open(file: &Path) -> ingest::Loaded {
    let options = LoadOptions { sources: vec![file.to_string_lossy().into_owned()], ..LoadOptions::default() };
    ingest::open(&options, &Ctl::new()).unwrap_or_else(|err| panic!("{}: {err}", file.display()))
}

/// A question as its command would be written.
pub fn spec(question: &str) -> Spec {
    let words: Vec<&str> = question.split_whitespace().collect();
    let kind = ask::kind(words[0]).expect("a kind of question");
    let matches = (kind.args)(clap::Command::new(kind.name)).get_matches_from(&words);
    (kind.spec)(&matches).expect("a question")
}
