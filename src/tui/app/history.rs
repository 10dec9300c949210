//! History: the places that were visited, to go back and forward over as in a browser. Levels that were left are kept as
//! long as the history leads to them, with their cursors and answers.

use super::App;
use crate::tui::layer::{Layer, LayerId};
use crate::tui::screen::Screen;

/// Where somebody was: a screen and the levels that stood on it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot {
    screen: Screen,
    layers: Vec<LayerId>,
}

/// Most places that are remembered.
const SPOTS_MAX: usize = 100;

pub(super) struct History {
    spots: Vec<Spot>,
    /// The place that is on the screen.
    at: usize,
    /// Levels that stand on no screen but in the history.
    pub attic: Vec<Layer>,
}

impl History {
    pub fn new(screen: Screen, bottom: LayerId) -> Self {
        History { spots: vec![Spot { screen, layers: vec![bottom] }], at: 0, attic: Vec::new() }
    }

    pub fn can_go_back(&self) -> bool {
        self.at > 0
    }

    pub fn can_go_forward(&self) -> bool {
        self.at + 1 < self.spots.len()
    }

    fn note(&mut self, spot: Spot) {
        if self.spots[self.at] == spot {
            return;
        }
        // Leaving a level by the way one came is going back; what was left can then be gone forward to.
        if self.at > 0 && self.spots[self.at - 1] == spot {
            self.at -= 1;
            return;
        }
        self.spots.truncate(self.at + 1);
        self.spots.push(spot);
        if self.spots.len() > SPOTS_MAX {
            self.spots.remove(0);
        }
        self.at = self.spots.len() - 1;
        let spots = &self.spots;
        self.attic.retain(|layer| spots.iter().any(|spot| spot.layers.contains(&layer.id)));
    }
}

impl App {
    fn spot(&self) -> Spot {
        Spot { screen: self.screen, layers: self.stack().layers.iter().map(|layer| layer.id).collect() }
    }

    /// Notes where the screen is, if that is somewhere else than before.
    pub(super) fn note_spot(&mut self) {
        let spot = self.spot();
        self.history.note(spot);
    }

    /// Takes the level on top away; `false` where only the bottom is left.
    pub(super) fn pop(&mut self) -> bool {
        match self.stack_mut().pop() {
            Some(layer) => {
                self.history.attic.push(layer);
                true
            }
            None => false,
        }
    }

    pub(super) fn go_back_in_history(&mut self) {
        if self.history.can_go_back() {
            self.visit(self.history.at - 1);
        }
    }

    pub(super) fn go_forward_in_history(&mut self) {
        if self.history.can_go_forward() {
            self.visit(self.history.at + 1);
        }
    }

    fn visit(&mut self, at: usize) {
        let spot = self.history.spots[at].clone();
        self.history.at = at;
        self.screen = spot.screen;
        while self.pop() {}
        let attic = &mut self.history.attic;
        let stack = self.stacks.get_mut(&self.screen).expect("every screen has a stack");
        for id in &spot.layers[1..] {
            if let Some(found) = attic.iter().position(|layer| layer.id == *id) {
                stack.layers.push(attic.remove(found));
            }
        }
    }
}
