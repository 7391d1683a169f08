// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "version.hpp"

namespace regctl::cli {

void add_version_command(CLI::App& command, Context& context) {
  command.callback([&context] {
    context.action = [&context] {
      if (context.format() == Format::json) {
        print_json(context.out, {{"version", k_version}});
      } else {
        context.out << "regctl " << k_version << '\n';
      }
      return ExitCode::ok;
    };
  });
}

} // namespace regctl::cli
