//! Why a session may be over (MUST-NOT-FAIL B4), and what has to be true in the world for each reason.

use crate::invariants::stores_failed;
use crate::provider::{BEGINNING, Wrong};
use crate::world::World;

/// How long a sign-in takes at most, from its beginning to its first answer, in milliseconds.
const CANCELS: i64 = 60_000;

/// MUST-NOT-FAIL B4: the reasons, and what has to be true for each.
pub fn true_reasons(world: &World, family: usize) -> Vec<&'static str> {
    let mut reasons = own_reasons(world, family);
    // In a shared store the end of the session that took its place is its end, too, for a page that missed the change;
    // and whoever cannot see the store, or not write it, learns of any end.
    let (is_shared, all) = (world.settings.storage.is_shared(), world.provider.families.borrow().len());
    let is_set_apart = world.ledger.was_newer.get() || stores_failed(world);
    for other in (0..all).filter(|other| is_shared && (*other > family || is_set_apart)) {
        reasons.extend(own_reasons(world, other));
    }
    reasons
}

fn own_reasons(world: &World, family_number: usize) -> Vec<&'static str> {
    let families = world.provider.families.borrow();
    let (family, settings, ledger) = (&families[family_number], &world.settings, &world.ledger);
    let came_wrong = |wrong| family.issues.iter().any(|issue| issue.arrived && issue.wrong == Some(wrong));
    let was_taken_over = || {
        let is_shared = settings.storage.is_shared();
        let stores_failed = ledger.tokens_failed_at.get().is_some() || ledger.marks_failed_at.get().is_some();
        let is_shared = is_shared && !ledger.was_newer.get();
        let was_rotated = family.issues.iter().any(|issue| issue.instead_of.is_some());
        was_rotated && (!is_shared || stores_failed)
    };
    let has_run_out = || {
        let age = world.true_time() - family.born_at;
        let by_lifetime = settings.refresh_lifetime.is_some_and(|(lifetime, told)| told && age >= lifetime - 2);
        let is_access_over = || age >= settings.access_lifetime - 2;
        by_lifetime || (!settings.gives_refresh_tokens && is_access_over()) || ledger.jump_at.get().is_some()
    };
    // Where the marks cannot be read, all that other pages see is that the session is gone.
    let is_over = family.sign_out_begun || family.refused;
    let was_erased_without_a_reason = is_over && settings.storage.is_shared() && ledger.marks_failed_at.get().is_some();
    // A sign-out under way cancels a sign-in that was under way, too.
    let born = (family.born_at - BEGINNING) * 1000;
    let calls = ledger.calls.borrow();
    let was_cancelled_by = |kind| calls.iter().any(|call| call.kind == kind && call.ended >= born - CANCELS);
    let replaced = || families.iter().skip(family_number + 1).any(|later| later.issues[0].stored_at.is_some());
    let table: [(&str, bool); 7] = [
        ("signed_out", family.sign_out_begun || was_cancelled_by("sign_out")),
        ("cleared", family.clear_begun || was_cancelled_by("clear") || was_erased_without_a_reason),
        ("invalid_grant", family.refused || was_taken_over()),
        ("refresh_expired", has_run_out()),
        ("subject_changed", came_wrong(Wrong::Subject)),
        ("verification_failed", came_wrong(Wrong::Signature)),
        ("storage_replaced", settings.storage.is_shared() && (replaced() || families.len() > 1)),
    ];
    table.iter().filter(|(_, is_true)| *is_true).map(|(reason, _)| *reason).collect()
}
