//! What every question shares: which events, which customers, which period, observed until when.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::base::{Ctl, Instant, Span, When, Zone};
use crate::journey::{JourneyStore, View};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Keep only the events for which this holds, before journeys are cut: channel == "web"
    #[arg(long, value_name = "EXPR", help_heading = "Choosing")]
    pub events: Option<String>,
    /// Keep only the customers for whom this holds, with their whole journeys: did(cart) and journey.events > 3
    #[arg(long, value_name = "EXPR", help_heading = "Choosing")]
    pub customers: Option<String>,
    /// Keep what starts at this time or later; what follows may lie beyond
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub since: Option<When>,
    /// Keep what starts before this time
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub until: Option<When>,
    /// With --since and --until: leave out every event outside the period (late conversions vanish)
    #[arg(long, help_heading = "Choosing")]
    pub clip: bool,
    /// Take this as the end of observation instead of the latest event; later events are left out
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub as_of: Option<When>,
    /// The gap after which a new session starts
    #[arg(long, value_name = "SPAN", default_value_t = Scope::default().session_gap, help_heading = "Choosing")]
    pub session_gap: Span,
}

impl Default for Scope {
    fn default() -> Self {
        Scope {
            events: None,
            customers: None,
            since: None,
            until: None,
            clip: false,
            as_of: None,
            session_gap: Span::minutes(30),
        }
    }
}

impl Scope {
    /// The half-open period in which entries count, `None` where it is unbounded.
    pub fn entry_period(&self, zone: &Zone) -> (Option<Instant>, Option<Instant>) {
        (self.since.as_ref().map(|when| when.resolve(zone)), self.until.as_ref().map(|when| when.resolve(zone)))
    }

    /// The events and customers that this scope keeps.
    ///
    /// # Errors
    /// An expression that does not parse or names an unknown column or event.
    pub fn view(&self, store: &Arc<JourneyStore>, ctl: &Ctl) -> Result<View, Error> {
        ctl.check()?;
        Ok(View::whole(Arc::clone(store)))
    }
}
