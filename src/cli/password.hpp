// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/secret.hpp>

#include <string>

namespace regctl::cli {

/// The first line of stdin, without its line end. Throws Error{usage} if there is none.
http::Secret read_password_from_stdin();

/// Asks on the terminal, without showing what is typed; the terminal is as before afterwards, also
/// after Ctrl-C. Throws Error{usage} if there is no terminal.
http::Secret ask_for_password(const std::string& username);

/// Asks on the terminal. Throws Error{usage} if there is none.
std::string ask_for_username();

/// Asks "QUESTION [y/N] " on the terminal. Throws Error{usage} with `hint` if there is none.
bool confirm(const std::string& question, const std::string& hint);

} // namespace regctl::cli
