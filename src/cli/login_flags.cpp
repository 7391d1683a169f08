// SPDX-License-Identifier: Apache-2.0
#include "cli/login_flags.hpp"

#include <regctl/base/error.hpp>

namespace regctl::cli {

namespace {

constexpr std::uint64_t k_password_limit_bytes = 64 * 1024; // tokens are long

http::Secret password_from_stdin(Console& console) {
  auto text = read_text(*console.open_in(), k_password_limit_bytes, "the password");
  while (text.ends_with('\n') || text.ends_with('\r')) {
    text.pop_back();
  }
  if (text.empty()) {
    throw Error(ErrorKind::usage, "--password-stdin: standard input is empty");
  }
  return http::Secret(std::move(text));
}

http::Secret get_password(const GlobalOptions& globals, Console& console,
                          const std::string& prompt) {
  if (globals.password_stdin) {
    return password_from_stdin(console);
  }
  if (auto configured = console.environment("REGCTL_PASSWORD")) {
    return http::Secret(std::move(*configured));
  }
  auto answer = console.ask(prompt, Echo::off);
  if (!answer || answer->empty()) {
    throw Error(ErrorKind::usage, "there is no password, and no terminal to ask at",
                "use --password-stdin, or set REGCTL_PASSWORD");
  }
  return http::Secret(std::move(*answer));
}

http::Credential credential_of(std::string username, http::Secret password) {
  http::Credential credential;
  credential.username = std::move(username);
  credential.password = std::move(password);
  credential.origin = "the command line";
  return credential;
}

} // namespace

std::optional<http::Credential> credential_from_flags(const GlobalOptions& globals,
                                                      Console& console) {
  if (globals.username.empty() && !globals.password_stdin) {
    return std::nullopt;
  }
  auto username =
      globals.username.empty() ? console.environment("REGCTL_USERNAME") : globals.username;
  if (!username) {
    throw Error(ErrorKind::usage, "--password-stdin wants a user name too", "add --username NAME");
  }
  auto password = get_password(globals, console, "Password of '" + *username + "': ");
  return credential_of(std::move(*username), std::move(password));
}

http::Credential credential_for_login(const GlobalOptions& globals, Console& console,
                                      const std::string& host) {
  auto username =
      globals.username.empty() ? console.environment("REGCTL_USERNAME") : globals.username;
  if (!username) {
    username = console.ask("User name at " + host + ": ", Echo::on);
  }
  if (!username || username->empty()) {
    throw Error(ErrorKind::usage, "there is no user name to log in with", "add --username NAME");
  }
  auto password =
      get_password(globals, console, "Password of '" + *username + "' at " + host + ": ");
  auto credential = credential_of(std::move(*username), std::move(password));
  credential.origin.clear(); // the credential is new and comes from no file
  return credential;
}

} // namespace regctl::cli
