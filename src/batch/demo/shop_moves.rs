//! How customers move through the shop: after every event, how long they stay and where they go, in thousandths.

use super::random::totals;

/// An event's position in `MOVES`.
pub(super) type Name = u8;

/// Where nobody goes on.
pub(super) const LEAVE: Name = u8::MAX;

/// Name, mean seconds until the next event, and next events by weight; what is left of 1000 leaves.
type Move = (&'static str, u32, &'static [(&'static str, u32)]);

#[rustfmt::skip]
const MOVES: [Move; 40] = [
    ("ad_click", 6, &[("view_product", 480), ("category_view", 220), ("home_view", 60)]),
    ("email_open", 25, &[("email_click", 460)]),
    ("email_click", 8, &[("view_product", 420), ("promo_click", 210), ("category_view", 170), ("view_cart", 60)]),
    ("push_open", 6, &[("app_open", 520), ("view_product", 280), ("view_cart", 80)]),
    ("app_open", 5, &[("home_view", 620), ("login", 160), ("wishlist_view", 40), ("order_status", 50)]),
    ("home_view", 22, &[("category_view", 300), ("search", 230), ("promo_click", 90), ("view_product", 140), ("login", 60), ("wishlist_view", 20)]),
    ("category_view", 35, &[("view_product", 500), ("category_view", 180), ("search", 90), ("home_view", 40)]),
    ("search", 18, &[("view_product", 500), ("search", 140), ("search_no_results", 110), ("category_view", 90)]),
    ("search_no_results", 12, &[("search", 480), ("home_view", 90), ("help_article", 50)]),
    ("promo_click", 15, &[("view_product", 450), ("category_view", 260), ("coupon_apply", 20)]),
    ("recommendation_click", 12, &[("view_product", 900)]),
    ("view_product", 48, &[("view_product", 190), ("view_images", 130), ("view_reviews", 100), ("check_size", 50), ("compare", 30), ("recommendation_click", 70), ("wishlist_add", 30), ("add_to_cart", 130), ("category_view", 90), ("search", 40)]),
    ("view_images", 25, &[("view_product", 240), ("view_reviews", 150), ("add_to_cart", 150), ("check_size", 80), ("recommendation_click", 80)]),
    ("view_reviews", 55, &[("view_product", 250), ("add_to_cart", 190), ("compare", 50), ("recommendation_click", 90), ("check_size", 50)]),
    ("check_size", 30, &[("add_to_cart", 340), ("view_product", 260), ("support_chat", 20)]),
    ("compare", 60, &[("view_product", 480), ("add_to_cart", 140)]),
    ("wishlist_add", 10, &[("view_product", 430), ("sign_up", 60), ("category_view", 150)]),
    ("wishlist_view", 25, &[("view_product", 420), ("add_to_cart", 210)]),
    ("add_to_cart", 15, &[("view_cart", 360), ("view_product", 230), ("begin_checkout", 170), ("recommendation_click", 70), ("category_view", 40)]),
    ("view_cart", 30, &[("begin_checkout", 390), ("change_quantity", 80), ("remove_from_cart", 90), ("coupon_apply", 90), ("view_product", 90)]),
    ("change_quantity", 10, &[("view_cart", 540), ("begin_checkout", 260)]),
    ("remove_from_cart", 12, &[("view_cart", 350), ("view_product", 260)]),
    ("coupon_apply", 20, &[("begin_checkout", 480), ("coupon_error", 230), ("view_cart", 150)]),
    ("coupon_error", 15, &[("coupon_apply", 330), ("begin_checkout", 190), ("help_article", 60)]),
    ("begin_checkout", 45, &[("add_shipping", 640), ("login", 60), ("sign_up", 50), ("view_cart", 60)]),
    ("add_shipping", 55, &[("add_payment", 760), ("view_cart", 40), ("help_article", 30)]),
    ("add_payment", 50, &[("purchase", 740), ("payment_error", 110)]),
    ("payment_error", 30, &[("add_payment", 440), ("support_chat", 120), ("help_article", 40)]),
    ("purchase", 60, &[("order_status", 220), ("home_view", 40), ("sign_up", 30), ("survey_answered", 70)]),
    ("order_status", 30, &[("home_view", 130), ("support_chat", 50), ("account_view", 90)]),
    ("delivery_received", 90, &[("review_written", 140), ("return_request", 90), ("survey_answered", 160), ("home_view", 120)]),
    ("return_request", 120, &[("support_chat", 180), ("survey_answered", 120), ("help_article", 90)]),
    ("review_written", 60, &[("home_view", 150), ("view_product", 150)]),
    ("survey_answered", 20, &[("home_view", 110)]),
    ("sign_up", 40, &[("account_view", 190), ("view_cart", 220), ("home_view", 250), ("add_shipping", 100)]),
    ("login", 10, &[("account_view", 140), ("home_view", 290), ("view_cart", 130), ("order_status", 160), ("add_shipping", 110)]),
    ("account_view", 35, &[("order_status", 210), ("home_view", 230), ("plan_upgrade", 40), ("wishlist_view", 110)]),
    ("plan_upgrade", 30, &[("account_view", 240), ("home_view", 300)]),
    ("help_article", 80, &[("support_chat", 230), ("home_view", 150), ("view_cart", 90)]),
    ("support_chat", 300, &[("survey_answered", 190), ("home_view", 110), ("view_cart", 80), ("order_status", 60)]),
];

pub(super) fn text(name: Name) -> &'static str {
    MOVES[usize::from(name)].0
}

/// The event of this name; one that the shop does not have stops the build where this makes a constant.
///
/// # Panics
/// When no event is called so.
pub(super) const fn name(text: &str) -> Name {
    let mut at = 0;
    while at < MOVES.len() {
        if same(MOVES[at].0.as_bytes(), text.as_bytes()) {
            return at as Name;
        }
        at += 1;
    }
    panic!("the shop has no event of this name")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// The table of moves made ready for chance, for one kind of visit.
pub(super) struct Moves {
    next: Vec<(Vec<Name>, Vec<u32>)>,
}

/// What makes visits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visit {
    /// The check-out works badly there; the story that an analyst is to find.
    pub(super) is_android: bool,
    /// 0 window shoppers, 1 most, 2 those who came to buy.
    pub(super) keenness: u8,
}

impl Visit {
    pub(super) const ALL: [Visit; 6] = {
        let mut all = [Visit { is_android: false, keenness: 0 }; 6];
        let mut i = 0;
        while i < 6 {
            all[i] = Visit { is_android: i >= 3, keenness: (i % 3) as u8 };
            i += 1;
        }
        all
    };

    pub(super) fn idx(self) -> usize {
        usize::from(self.is_android) * 3 + usize::from(self.keenness)
    }

    /// A weight for this kind of visit, in the same thousandths.
    fn weight(self, from: &str, to: &str, weight: u32) -> u32 {
        let percent = match (from, to) {
            (_, "add_to_cart") | (_, "begin_checkout") => [55, 100, 160][usize::from(self.keenness)],
            ("add_shipping", "add_payment") if self.is_android => 72,
            ("add_payment", "payment_error") if self.is_android => 190,
            ("add_payment", "purchase") if self.is_android => 86,
            _ => 100,
        };
        weight * percent / 100
    }
}

impl Moves {
    pub(super) fn of(visit: Visit) -> Self {
        let next = MOVES.iter().map(|(from, _, moves)| {
            let weights: Vec<u32> = moves.iter().map(|(to, weight)| visit.weight(from, to, *weight)).collect();
            let leave = 1000u32.saturating_sub(weights.iter().sum());
            let names = moves.iter().map(|(to, _)| name(to)).chain([LEAVE]).collect();
            (names, totals(weights.into_iter().chain([leave])))
        });
        Moves { next: next.collect() }
    }

    pub(super) fn next(&self, from: Name, random: &mut super::random::Random) -> Name {
        let (names, totals) = &self.next[usize::from(from)];
        names[random.pick(totals)]
    }
}

/// Mean seconds that pass after an event.
pub(super) fn mean_seconds(name: Name) -> f64 {
    f64::from(MOVES[usize::from(name)].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_leads_to_an_event_of_the_shop_and_weights_leave_room_to_leave() {
        for visit in Visit::ALL {
            assert_eq!(Visit::ALL[visit.idx()], visit);
            let moves = Moves::of(visit);
            for (at, (names, totals)) in moves.next.iter().enumerate() {
                assert_eq!(names.len(), totals.len());
                let sum = totals.last().copied().expect("at least one");
                assert!((1000..1250).contains(&sum), "{}: {sum}", MOVES[at].0);
            }
        }
    }
}
