//! One line per thing that happened.
