// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"
#include "cli/manual.hpp"

#include <regctl/cli/exit_code.hpp>

#include <functional>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// The work of a command whose options are parsed.
using Action = std::function<ExitCode(Context& context)>;

struct Command {
  CommandText text;
  /// Declares the arguments and returns the work, which shares the options with the parser. nullptr
  /// for a command with subcommands only.
  Action (*add)(Arguments& arguments);
};

/// Each command is in cmd_NAME.cpp. To add one, write src/cli/cmd_NAME.cpp with NAME_command(), a
/// line here and in the table (commands.cpp), man/regctl-NAME.1.scd, and its rows in
/// tests/unit/cli.
Command audit_command();
Command blob_command();
Command blob_get_command();
Command blob_has_command();
Command blob_put_command();
Command completion_command();
Command copy_command();
Command diff_command();
Command digest_command();
Command export_command();
Command gc_command();
Command help_command();
Command history_command();
Command images_command();
Command index_command();
Command index_add_command();
Command index_filter_command();
Command index_make_command();
Command inspect_command();
Command layer_command();
Command layer_files_command();
Command layer_get_command();
Command layer_ls_command();
Command layer_put_command();
Command login_command();
Command logout_command();
Command manifest_command();
Command manifest_get_command();
Command manifest_put_command();
Command map_command();
Command mirror_command();
Command ping_command();
Command properties_command();
Command pull_command();
Command push_command();
Command referrers_command();
Command repair_command();
Command rm_command();
Command search_command();
Command serve_command();
Command tag_command();
Command tags_command();
Command verify_command();
Command version_command();

/// The work of `regctl version` and `regctl --version`.
ExitCode show_version(Context& context);

struct CommandSection {
  std::string_view title;
  std::vector<Command (*)()> commands;
};

/// The table of commands, in the order of the help.
const std::vector<CommandSection>& command_sections();

} // namespace regctl::cli
