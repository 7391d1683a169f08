// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <CLI/CLI.hpp>

#include <span>
#include <string_view>

namespace regctl::cli {

/// One row for each command: the table that help, completions and man pages are held against.
struct Command {
  std::string_view name;
  std::string_view alias; ///< an old habit's name; empty: none
  std::string_view group; ///< heading in `regctl --help`
  std::string_view summary;
  void (*add)(CLI::App& command,
              Context& context); ///< adds options; sets context.action when chosen
};

/// All commands in the order of the help.
std::span<const Command> commands();

void add_completion_command(CLI::App& command, Context& context);
void add_copy_command(CLI::App& command, Context& context);
void add_history_command(CLI::App& command, Context& context);
void add_images_command(CLI::App& command, Context& context);
void add_inspect_command(CLI::App& command, Context& context);
void add_layer_command(CLI::App& command, Context& context);
void add_login_command(CLI::App& command, Context& context);
void add_logout_command(CLI::App& command, Context& context);
void add_ping_command(CLI::App& command, Context& context);
void add_properties_command(CLI::App& command, Context& context);
void add_pull_command(CLI::App& command, Context& context);
void add_push_command(CLI::App& command, Context& context);
void add_rm_command(CLI::App& command, Context& context);
void add_search_command(CLI::App& command, Context& context);
void add_tag_command(CLI::App& command, Context& context);
void add_tags_command(CLI::App& command, Context& context);
void add_version_command(CLI::App& command, Context& context);

/// Makes the command line: global options and every command of the table.
void add_everything(CLI::App& app, Context& context);

} // namespace regctl::cli
