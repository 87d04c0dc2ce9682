//! IAM: users, groups, roles, the policies that they hold, and the keys that they sign with.

// Structure (the operation table, `service`, comes at the end of the work):
pub mod entity; // find, create, rename: what all entities have in common
pub mod error;
pub mod last_use; // last-used notes of keys and roles
pub mod model; // stored records and tables
pub mod permissions; // compiled policies of a user, role, session
// second engineer: pub mod simulate; pub mod authorization_details; and their lines in `service`, after `// What if.`
// and `// The account.`; each operation is `.op::<aws::iam::X>(access_fn, run_fn)`.
