// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/login_flags.hpp"
#include "cli/output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct LoginFlags {
  std::string host;
};

ExitCode run_login(const LoginFlags& options, Context& context) {
  const auto host = parse_registry_host(options.host);
  const auto credential = credential_for_login(context.globals(), context.console(), host.host);
  context.log_in_with(credential);
  const auto stored = context.verbs().login(host, credential);
  if (context.wants_json()) {
    print_json(context.out(), {{"host", host.host}, {"stored_in", stored}});
  } else {
    context.note("login succeeded; stored in " + stored);
  }
  return ExitCode::ok;
}

ExitCode run_logout(const LoginFlags& options, Context& context) {
  const auto host = parse_registry_host(options.host);
  const bool was_there = context.verbs().logout(host);
  if (context.wants_json()) {
    print_json(context.out(),
               {{"host", host.host}, {"outcome", was_there ? "removed" : "not stored"}});
  } else if (was_there) {
    context.note("removed the credential of " + host.host);
  } else {
    context.note("a credential of " + host.host + " was not stored");
  }
  return ExitCode::ok;
}

Action add_login(Arguments& arguments) {
  auto options = std::make_shared<LoginFlags>();
  arguments.required("HOST", options->host, "A registry, HOST[:PORT]");
  return [options](Context& context) { return run_login(*options, context); };
}

Action add_logout(Arguments& arguments) {
  auto options = std::make_shared<LoginFlags>();
  arguments.required("HOST", options->host, "A registry, HOST[:PORT]");
  return [options](Context& context) { return run_logout(*options, context); };
}

} // namespace

Command login_command() {
  return {{.name = "login",
           .aliases = {},
           .summary = "Check a user name and password, and store them for later",
           .details = "Asks at the terminal for what --username and --password-stdin do not tell. "
                      "What the registry refuses is not stored.",
           .examples = {"regctl login localhost:5000 -u bob",
                        "regctl login localhost:5000 -u bob --password-stdin < password.txt"}},
          add_login};
}

Command logout_command() {
  return {{.name = "logout",
           .aliases = {},
           .summary = "Forget the user name and password for a registry",
           .details = "",
           .examples = {"regctl logout localhost:5000"}},
          add_logout};
}

} // namespace regctl::cli
