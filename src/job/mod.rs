//! `Slot`: one computation in the background; newest wins.
