//! The screens: what they are called, and the pane that stands at the bottom of each.

use super::pane::Pane;
use super::panes::cohorts::CohortsPane;
use super::panes::customers::CustomersPane;
use super::panes::dwell::DwellPane;
use super::panes::funnel::FunnelPane;
use super::panes::home::HomePane;
use super::panes::map::MapPane;
use super::panes::paths::PathsPane;
use crate::analysis::Scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    Home,
    Funnel,
    Paths,
    Dwell,
    Cohorts,
    Map,
    Customers,
}

impl Screen {
    /// In the order of their keys.
    #[rustfmt::skip]
    pub const ALL: [Screen; 7] = [
        Screen::Home,
        Screen::Funnel,
        Screen::Paths,
        Screen::Dwell,
        Screen::Cohorts,
        Screen::Map,
        Screen::Customers,
    ];

    /// The key that leads there.
    pub fn key(self) -> char {
        match self {
            Screen::Home => '1',
            Screen::Funnel => '2',
            Screen::Paths => '3',
            Screen::Dwell => '4',
            Screen::Cohorts => '5',
            Screen::Map => '6',
            Screen::Customers => '7',
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Screen::Home => "Home",
            Screen::Funnel => "Funnel",
            Screen::Paths => "Paths",
            Screen::Dwell => "Dwell",
            Screen::Cohorts => "Cohorts",
            Screen::Map => "Map",
            Screen::Customers => "Customers",
        }
    }

    /// The title where there is little room.
    pub fn short(self) -> &'static str {
        match self {
            Screen::Cohorts => "Cohort",
            Screen::Customers => "Who",
            screen => screen.title(),
        }
    }

    /// The pane that is there from the start.
    pub fn bottom(self, scope: &Scope) -> Box<dyn Pane> {
        match self {
            Screen::Home => Box::new(HomePane::new(scope.clone())),
            Screen::Funnel => Box::new(FunnelPane::new(scope.clone())),
            Screen::Paths => Box::new(PathsPane::new(scope.clone())),
            Screen::Dwell => Box::new(DwellPane::new(scope.clone())),
            Screen::Cohorts => Box::new(CohortsPane::new(scope)),
            Screen::Map => Box::new(MapPane::new(scope.clone())),
            Screen::Customers => Box::new(CustomersPane::everybody(scope.clone())),
        }
    }
}
