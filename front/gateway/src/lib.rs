//! Listeners, and the one pipeline that every call walks.
