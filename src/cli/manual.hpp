// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// The description of one flag. It comes from the flag's declaration (Arguments) and is used by
/// --help and the completions.
struct FlagManual {
  std::vector<std::string> names; ///< "-o", "--output"
  std::string value;              ///< "FILE", "table|json"; empty for a switch
  std::string text;               ///< one sentence without a final period

  /// The words between the bars of `value`; empty if `value` is not a choice.
  [[nodiscard]] std::vector<std::string> choices() const;
};

struct PositionalManual {
  std::string name; ///< "REF"; with bars it is a choice: "bash|zsh|fish"
  std::string text;
  bool is_required = true;
  bool is_repeated = false;

  [[nodiscard]] std::vector<std::string> choices() const;
};

/// The last word of a command's name: "get" for "layer get".
std::string_view last_word(std::string_view name) noexcept;

/// The description of one command, from its source file.
struct CommandText {
  std::string_view name;                  ///< "pull"; "layer get" for a subcommand
  std::vector<std::string_view> aliases;  ///< further names
  std::string_view summary;               ///< one line for the list of commands
  std::string_view details;               ///< a paragraph, or empty
  std::vector<std::string_view> examples; ///< command lines
};

struct CommandManual {
  CommandText text;
  std::vector<FlagManual> flags;
  std::vector<PositionalManual> positionals;
};

/// Commands that belong together in the help.
struct CommandGroup {
  std::string_view title;
  std::vector<CommandManual> commands; ///< a subcommand follows its command: "layer", "layer get"
};

struct Manual {
  std::vector<FlagManual> global_flags;
  std::vector<CommandGroup> groups;

  /// The command of this full name or alias; nullptr if there is none.
  [[nodiscard]] const CommandManual* find(std::string_view name) const;
  /// The subcommands of `name`: "layer get" and others for "layer".
  [[nodiscard]] std::vector<const CommandManual*> below(std::string_view name) const;
  /// All commands that are no subcommands, in order.
  [[nodiscard]] std::vector<const CommandManual*> top() const;
};

/// The width of the help's lines.
inline constexpr std::size_t k_help_columns = 100;

/// The output of `regctl` alone: the commands in their groups.
std::string short_help(const Manual& manual);

/// The output of `regctl --help`: the same with the options of all commands.
std::string full_help(const Manual& manual);

/// The output of `regctl COMMAND --help`.
std::string command_help(const Manual& manual, const CommandManual& command);

} // namespace regctl::cli
