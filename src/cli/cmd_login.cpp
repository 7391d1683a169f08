// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/password.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/login.hpp>

namespace regctl::cli {

namespace {

struct HostOptions {
  std::string host;
};

ExitCode run_login(const HostOptions& options, Context& context) {
  const auto host = parse_registry_host(options.host);
  if (context.global.username.empty()) {
    if (context.global.password_stdin) {
      throw Error(ErrorKind::usage, "--password-stdin wants --username too");
    }
    context.global.username = ask_for_username();
  }
  auto credential = context.credential_from_flags();
  // The session must not read the password again.
  context.global.username.clear();
  context.global.password_stdin = false;
  if (!credential || credential->username.empty()) {
    throw Error(ErrorKind::usage, "login wants a user name");
  }
  const auto where = ops::login(context.session(), host, *credential);
  context.end_progress();
  context.err << "Login succeeded; the password is stored in " << where << '\n';
  return ExitCode::ok;
}

ExitCode run_logout(const HostOptions& options, Context& context) {
  const auto host = parse_registry_host(options.host);
  const bool was_stored = ops::logout(context.session(), host);
  context.end_progress();
  context.err << (was_stored ? "Removed the password for " : "No password was stored for ")
              << host.host << '\n';
  return ExitCode::ok;
}

} // namespace

void add_login_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<HostOptions>();
  command.add_option("HOST", options->host, "Registry, as in host:5000")->required();
  command.footer("Examples:\n  regctl login registry.local:5000\n"
                 "  regctl login -u bob --password-stdin registry.local:5000 < password.txt");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_login(*options, context); };
  });
}

void add_logout_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<HostOptions>();
  command.add_option("HOST", options->host, "Registry, as in host:5000")->required();
  command.footer("Example:\n  regctl logout registry.local:5000");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_logout(*options, context); };
  });
}

} // namespace regctl::cli
