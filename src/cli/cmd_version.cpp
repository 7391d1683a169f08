// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "version.hpp"

#include <regctl/base/json.hpp>

#include <ostream>

namespace regctl::cli {

namespace {

Action add_version(Arguments&) {
  return show_version;
}

} // namespace

ExitCode show_version(Context& context) {
  if (context.wants_json()) {
    print_json(context.out(), {{"version", k_version}, {"protocols", Json::array({"v1"})}});
  } else {
    context.out() << "regctl " << k_version << '\n';
  }
  return ExitCode::ok;
}

Command version_command() {
  return {{.name = "version",
           .aliases = {},
           .summary = "Show the version",
           .details = "",
           .examples = {"regctl version"}},
          add_version};
}

} // namespace regctl::cli
