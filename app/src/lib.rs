//! The browser face.
