//! The functions that an app plugs in, as the traits of the client.

use super::claim_mapping::claim_mapping;
use crate::client::PlugIns;
use crate::host::App;

/// What the app plugs in.
pub(super) fn plug_ins(app: &App) -> PlugIns {
    PlugIns { claim_mapping: claim_mapping(app), ..PlugIns::default() }
}
