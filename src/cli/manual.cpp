// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include "cli/text.hpp"

#include <algorithm>

namespace regctl::cli {

namespace {

constexpr std::size_t k_command_column = 16;
constexpr std::size_t k_flag_column = 32;

std::vector<std::string> split_choices(std::string_view text) {
  return text.find('|') == std::string_view::npos ? std::vector<std::string>() : split(text, '|');
}

/// "  LEFT   text", the text wrapped within its column.
std::string row(const std::string& left, std::string_view text, std::size_t column) {
  auto wrapped = wrap(text, column, k_help_columns);
  const auto head = "  " + left;
  if (display_width(head) + 2 > column) {
    return head + "\n" + wrapped;
  }
  return pad(head, column) + wrapped.substr(std::min(column, wrapped.size()));
}

std::string flag_rows(const std::vector<FlagManual>& flags) {
  std::string result;
  for (const auto& flag : flags) {
    // Aligns long names whether there is a short name or not.
    std::string left = flag.names.front().starts_with("--") ? "    " : "";
    for (const auto& name : flag.names) {
      left += (&name == &flag.names.front() ? "" : ", ") + name;
    }
    result += row(left + (flag.value.empty() ? "" : " " + flag.value), flag.text, k_flag_column);
  }
  return result;
}

std::string usage_word(const PositionalManual& positional) {
  const auto name = positional.name + (positional.is_repeated ? "..." : "");
  return positional.is_required ? name : "[" + name + "]";
}

std::string usage_line(const Manual& manual, const CommandManual& command) {
  std::string line = "Usage: regctl " + std::string(command.text.name);
  if (!manual.below(command.text.name).empty()) {
    return line + " COMMAND [OPTIONS] [ARGUMENTS]\n";
  }
  line += " [OPTIONS]";
  for (const auto& positional : command.positionals) {
    line += " " + usage_word(positional);
  }
  return line + "\n";
}

std::string global_names(const Manual& manual) {
  std::string names;
  for (const auto& flag : manual.global_flags) {
    names += (names.empty() ? "" : " ") + flag.names.back();
  }
  return names;
}

std::string command_rows(const std::vector<const CommandManual*>& commands, std::size_t prefix) {
  std::string result;
  for (const auto* command : commands) {
    result += row(std::string(command->text.name.substr(prefix)), command->text.summary,
                  k_command_column);
  }
  return result;
}

bool is_below(std::string_view name, std::string_view upper) {
  return name.size() > upper.size() && name.starts_with(upper) && name[upper.size()] == ' ';
}

std::string alias_line(const CommandText& text) {
  std::string line;
  for (const auto alias : text.aliases) {
    line += (line.empty() ? "Also: regctl " : ", regctl ") + std::string(alias);
  }
  return line.empty() ? line : line + "\n";
}

std::string argument_section(const CommandManual& command) {
  std::string result;
  for (const auto& positional : command.positionals) {
    result += row(positional.name, positional.text, k_command_column);
  }
  return result.empty() ? result : "\nArguments:\n" + result;
}

std::string example_section(const CommandText& text) {
  std::string result;
  for (const auto example : text.examples) {
    result += "  " + std::string(example) + "\n";
  }
  return result.empty() ? result : "\nExamples:\n" + result;
}

std::string head_and_groups(const Manual& manual) {
  std::string result =
      "regctl is a client for container registries of protocols v1 and v2 (OCI).\n\n"
      "Usage: regctl [OPTIONS] COMMAND [ARGUMENTS]\n";
  for (const auto& group : manual.groups) {
    std::vector<const CommandManual*> commands;
    for (const auto& command : group.commands) {
      if (command.text.name.find(' ') == std::string_view::npos) {
        commands.push_back(&command);
      }
    }
    result += "\n" + std::string(group.title) + ":\n" + command_rows(commands, 0);
  }
  return result;
}

} // namespace

std::string_view last_word(std::string_view name) noexcept {
  return name.substr(name.rfind(' ') + 1);
}

std::vector<std::string> FlagManual::choices() const {
  return split_choices(value);
}

std::vector<std::string> PositionalManual::choices() const {
  return split_choices(name);
}

const CommandManual* Manual::find(std::string_view name) const {
  for (const auto& group : groups) {
    for (const auto& command : group.commands) {
      const auto& aliases = command.text.aliases;
      if (command.text.name == name ||
          std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
        return &command;
      }
    }
  }
  return nullptr;
}

std::vector<const CommandManual*> Manual::below(std::string_view name) const {
  std::vector<const CommandManual*> found;
  for (const auto& group : groups) {
    for (const auto& command : group.commands) {
      if (is_below(command.text.name, name)) {
        found.push_back(&command);
      }
    }
  }
  return found;
}

std::vector<const CommandManual*> Manual::top() const {
  std::vector<const CommandManual*> found;
  for (const auto& group : groups) {
    for (const auto& command : group.commands) {
      if (command.text.name.find(' ') == std::string_view::npos) {
        found.push_back(&command);
      }
    }
  }
  return found;
}

std::string short_help(const Manual& manual) {
  return head_and_groups(manual) +
         "\n'regctl help COMMAND' tells about a command, 'regctl --help' about the options of all "
         "commands,\nand 'man regctl' has the whole story.\n";
}

std::string full_help(const Manual& manual) {
  return head_and_groups(manual) + "\nOptions of all commands, before or after the command:\n" +
         flag_rows(manual.global_flags) +
         "\n'regctl help COMMAND' tells about a command, and 'man regctl' has the whole story.\n";
}

std::string command_help(const Manual& manual, const CommandManual& command) {
  const auto& text = command.text;
  std::string result =
      std::string(text.summary) + ".\n\n" + usage_line(manual, command) + alias_line(text);
  if (!text.details.empty()) {
    result += "\n" + wrap(text.details, 0, k_help_columns);
  }
  if (const auto below = manual.below(text.name); !below.empty()) {
    result += "\nCommands:\n" + command_rows(below, text.name.size() + 1);
  }
  result += argument_section(command);
  if (!command.flags.empty()) {
    result += "\nOptions:\n" + flag_rows(command.flags);
  }
  return result + "\nOptions of all commands ('regctl --help' explains them):\n" +
         wrap(global_names(manual), 2, k_help_columns) + example_section(text);
}

} // namespace regctl::cli
