// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <map>

namespace regctl::cli {

namespace {

/// Schemes that precede the name of a file or of a folder, as patterns without parentheses.
constexpr std::string_view k_file_schemes = "docker-archive|oci-archive";
constexpr std::string_view k_folder_schemes = "v1-storage|v2-storage|oci";
constexpr const char* k_origin = "# Made by 'regctl completion'; not to be edited.\n";

/// "(v1-storage|v2-storage|oci)"
std::string any_of(std::string_view schemes) {
  return "(" + std::string(schemes) + ")";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

/// The full names of `command`, with its aliases: "tags", "ls".
std::vector<std::string> full_names(const CommandManual& command) {
  std::vector<std::string> names = {std::string(command.text.name)};
  names.insert(names.end(), command.text.aliases.begin(), command.text.aliases.end());
  return names;
}

/// The names as a shell's pattern: "'tags'|'ls'".
std::string case_pattern(const CommandManual& command) {
  std::string pattern;
  for (const auto& name : full_names(command)) {
    pattern += (pattern.empty() ? "'" : "|'") + name + "'";
  }
  return pattern;
}

std::vector<std::string> last_words(const std::vector<const CommandManual*>& commands) {
  std::vector<std::string> words;
  for (const auto* command : commands) {
    for (const auto& name : full_names(*command)) {
      words.emplace_back(last_word(name));
    }
  }
  return words;
}

std::vector<std::string> flag_names(const std::vector<FlagManual>& flags) {
  std::vector<std::string> names;
  for (const auto& flag : flags) {
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

/// The possible words where no flag stands: subcommands and choices.
std::vector<std::string> words_of(const Manual& manual, const CommandManual& command) {
  if (command.text.name == "help") {
    return last_words(manual.top());
  }
  auto words = last_words(manual.below(command.text.name));
  for (const auto& positional : command.positionals) {
    const auto choices = positional.choices();
    words.insert(words.end(), choices.begin(), choices.end());
  }
  return words;
}

/// Whether a file may stand where no flag does.
bool takes_files(const CommandManual& command) {
  return std::any_of(command.positionals.begin(), command.positionals.end(),
                     [](const PositionalManual& positional) {
                       return positional.name != "HOST" && positional.name != "TERM";
                     });
}

/// Whether only the folder of a storage tree may stand there.
bool takes_folders_alone(const CommandManual& command) {
  return std::all_of(command.positionals.begin(), command.positionals.end(),
                     [](const PositionalManual& positional) { return positional.name == "TREE"; });
}

/// All flags of all commands, without duplicates: a flag's value means the same everywhere.
std::map<std::string, FlagManual> all_flags(const Manual& manual) {
  std::map<std::string, FlagManual> flags;
  const auto add = [&](const std::vector<FlagManual>& list) {
    for (const auto& flag : list) {
      for (const auto& name : flag.names) {
        flags.emplace(name, flag);
      }
    }
  };
  add(manual.global_flags);
  for (const auto& group : manual.groups) {
    for (const auto& command : group.commands) {
      add(command.flags);
    }
  }
  return flags;
}

template <class Use> void for_each_command(const Manual& manual, Use use) {
  for (const auto& group : manual.groups) {
    for (const auto& command : group.commands) {
      use(command);
    }
  }
}

// --- bash ---

/// Cases for `previous`, the word before the cursor: flags with a value.
std::string bash_values(const Manual& manual) {
  std::string cases;
  std::vector<std::string> free;
  for (const auto& [name, flag] : all_flags(manual)) {
    const auto choices = flag.choices();
    if (!choices.empty()) {
      cases += "    " + name + ") mapfile -t COMPREPLY < <(compgen -W '" + join(choices) +
               "' -- \"$current\"); return ;;\n";
    } else if (flag.value == "FILE") {
      cases += "    " + name +
               ") compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "
               "\"$current\"); return ;;\n";
    } else if (flag.value == "DIR") {
      cases += "    " + name +
               ") compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "
               "\"$current\"); return ;;\n";
    } else if (!flag.value.empty()) {
      free.push_back(name);
    }
  }
  for (const auto& name : free) {
    cases += "    " + name + ") return ;;\n";
  }
  return cases;
}

std::string bash_commands(const Manual& manual) {
  std::string cases;
  for_each_command(manual, [&](const CommandManual& command) {
    cases += "    " + case_pattern(command) + ") flags='" + join(flag_names(command.flags)) +
             "' words='" + join(words_of(manual, command)) + "'" +
             (!takes_files(command)          ? " files="
              : takes_folders_alone(command) ? " kind=-d"
                                             : "") +
             " ;;\n";
  });
  return cases;
}

/// A pattern for flags with a value, whose value must not be taken for the command.
std::string value_flags(const Manual& manual, const char* separator) {
  std::string pattern;
  for (const auto& [name, flag] : all_flags(manual)) {
    if (!flag.value.empty()) {
      pattern += (pattern.empty() ? "" : separator) + name;
    }
  }
  return pattern;
}

std::string groups_pattern(const Manual& manual, const char* separator) {
  std::string pattern;
  for (const auto* command : manual.top()) {
    if (!manual.below(command->text.name).empty()) {
      pattern += (pattern.empty() ? "" : separator) + std::string(command->text.name);
    }
  }
  return pattern;
}

// --- zsh and fish ---

/// `text` in single quotes, with brackets and colons escaped for zsh's _arguments.
std::string zsh_quoted(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else if (c == '[' || c == ']' || c == ':') {
      result += std::string("\\") + c;
    } else {
      result += c;
    }
  }
  return result;
}

std::string zsh_flags(const std::vector<FlagManual>& flags) {
  std::string lines;
  for (const auto& flag : flags) {
    const auto choices = flag.choices();
    const std::string action = !choices.empty()       ? ":(" + join(choices) + ")"
                               : flag.value == "FILE" ? ":_files"
                               : flag.value == "DIR"  ? ":_files -/"
                                                      : ": ";
    for (const auto& name : flag.names) {
      const auto equals = name.starts_with("--") && !flag.value.empty() ? "=" : "";
      lines += "    '" + name + equals + "[" + zsh_quoted(flag.text) + "]" +
               (flag.value.empty() ? "" : ":" + zsh_quoted(flag.value) + action) + "'\n";
    }
  }
  return lines;
}

std::string zsh_descriptions(const std::vector<const CommandManual*>& commands) {
  std::string lines;
  for (const auto* command : commands) {
    for (const auto& name : full_names(*command)) {
      lines += "      '" + std::string(last_word(name)) + ":" + zsh_quoted(command->text.summary) +
               "'\n";
    }
  }
  return lines;
}

std::string zsh_cases(const Manual& manual) {
  std::string cases;
  for_each_command(manual, [&](const CommandManual& command) {
    const auto below = manual.below(command.text.name);
    cases += "    " + case_pattern(command) + ")\n      flags+=(\n" + zsh_flags(command.flags) +
             "      )\n";
    if (!below.empty()) {
      cases += "      words_here=(\n" + zsh_descriptions(below) + "      )\n";
    } else if (const auto words = words_of(manual, command); !words.empty()) {
      cases += "      words_here=(" + join(words) + ")\n";
    } else if (!takes_files(command)) {
      cases += "      places='*: : '\n";
    } else if (takes_folders_alone(command)) {
      cases += "      places='*:folder:_regctl_folders'\n";
    }
    cases += "      ;;\n";
  });
  return cases;
}

std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return result + "'";
}

std::string fish_flags(const std::vector<FlagManual>& flags, const std::string& condition) {
  std::string lines;
  for (const auto& flag : flags) {
    lines += "complete -c regctl" + condition;
    for (const auto& name : flag.names) {
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (const auto choices = flag.choices(); !choices.empty()) {
      lines += " -x -a " + fish_quoted(join(choices));
    } else if (!flag.value.empty()) {
      lines += flag.value == "FILE"  ? " -r -F"
               : flag.value == "DIR" ? " -x -a '(__fish_complete_directories)'"
                                     : " -x";
    }
    lines += " -d " + fish_quoted(flag.text) + "\n";
  }
  return lines;
}

/// The condition under which the user is typing `command`.
std::string fish_condition(const CommandManual& command) {
  std::string names;
  for (const auto& name : full_names(command)) {
    names += " " + fish_quoted(name);
  }
  return " -n \"__regctl_is" + names + "\"";
}

/// __regctl_command prints the command before the cursor, "layer get", skipping options and their
/// values. (fish's own helper takes a value for a command.)
std::string fish_functions(const Manual& manual) {
  return "function __regctl_command\n"
         "  set -l command ''\n"
         "  set -l skip ''\n"
         "  for word in (commandline -opc)[2..-1]\n"
         "    if test -n \"$skip\"\n"
         "      set skip ''\n"
         "      continue\n"
         "    end\n"
         "    switch $word\n"
         "      case " +
         value_flags(manual, " ") +
         "\n"
         "        set skip 1\n"
         "      case '-*'\n"
         "      case '*'\n"
         "        if test -z \"$command\"\n"
         "          set command $word\n"
         "        else if contains -- \"$command\" " +
         groups_pattern(manual, " ") +
         "\n"
         "          set command \"$command $word\"\n"
         "        end\n"
         "    end\n"
         "  end\n"
         "  echo $command\n"
         "end\n"
         "function __regctl_is_in_tree\n"
         "  string match -qr '^" +
         any_of(k_folder_schemes) +
         ":' -- (commandline -ct)\n"
         "end\n"
         "function __regctl_folders\n"
         "  set -l scheme (string match -r '^[^:]*:' -- (commandline -ct))\n"
         "  set -l path (string replace $scheme '' -- (commandline -ct))\n"
         "  for folder in (__fish_complete_directories $path '')\n"
         "    echo $scheme$folder\n"
         "  end\n"
         "end\n"
         "complete -c regctl -n __regctl_is_in_tree -f -a '(__regctl_folders)'\n"
         "function __regctl_is\n"
         "  set -l command (__regctl_command)\n"
         "  contains -- \"$command\" $argv\n"
         "end\n";
}

} // namespace

std::string bash_completion(const Manual& manual) {
  const auto folders = any_of(k_folder_schemes);
  return std::string("# bash completion for regctl\n") + k_origin +
         "_regctl() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local command= flags= words= files=1 kind=-f word i skip= scheme=\n"
         "  COMPREPLY=()\n"
         "  if [[ $previous == = ]]; then\n" // bash splits --format=JSON into three words
         "    previous=${COMP_WORDS[COMP_CWORD-2]}\n"
         "  elif [[ $current == = ]]; then\n"
         "    current=\n"
         "  elif [[ $current == : ]]; then\n" // and so usually docker-archive:FILE
         "    [[ $previous == @" +
         folders +
         " ]] && kind=-d\n"
         "    current=\n"
         "  elif [[ $previous == : && ${COMP_WORDS[COMP_CWORD-2]} == @" +
         folders + " || $current == @" + folders +
         ":* ]]; then\n"
         "    kind=-d\n"
         "  fi\n"
         "  case $previous in\n" +
         bash_values(manual) +
         "  esac\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    if [[ $skip ]]; then\n"
         "      skip=\n"
         "      [[ $word == = ]] && skip=1\n"
         "      continue\n"
         "    fi\n"
         "    case $word in\n"
         "    " +
         value_flags(manual, "|") +
         ") skip=1 ;;\n"
         "    -*) ;;\n"
         "    *)\n"
         "      if [[ -z $command ]]; then\n"
         "        command=$word\n"
         "      elif [[ $command == @(" +
         groups_pattern(manual, "|") +
         ") ]]; then\n"
         "        command+=\" $word\"\n"
         "      fi\n"
         "      ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n"
         "    '') words='" +
         join(last_words(manual.top())) + "' ;;\n" + bash_commands(manual) +
         "  esac\n"
         "  if [[ $current == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$flags " +
         join(flag_names(manual.global_flags)) +
         "\" -- \"$current\")\n"
         "  elif [[ $words ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  elif [[ $files ]]; then\n"
         "    [[ $current == @" +
         any_of(std::string(k_file_schemes) + "|" + std::string(k_folder_schemes)) +
         ":* ]] && scheme=${current%%:*}:\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    mapfile -t COMPREPLY < <(compgen -P \"$scheme\" $kind -- "
         "\"${current#\"$scheme\"}\")\n"
         "  fi\n"
         "}\n"
         "complete -F _regctl regctl\n";
}

std::string zsh_completion(const Manual& manual) {
  return "#compdef regctl\n" + std::string(k_origin) +
         "_regctl_folders() {\n"
         "  compset -P '" +
         any_of(k_folder_schemes) +
         ":'\n"
         "  _files -/\n"
         "}\n"
         "_regctl_files() {\n"
         "  if [[ $PREFIX == " +
         any_of(k_folder_schemes) +
         ":* ]]; then _regctl_folders; return; fi\n"
         "  compset -P '" +
         any_of(k_file_schemes) +
         ":'\n"
         "  _files\n"
         "}\n"
         "_regctl() {\n"
         "  local command= word i skip= places='*:file:_regctl_files'\n"
         "  local -a flags words_here\n"
         "  flags=(\n" +
         zsh_flags(manual.global_flags) +
         "  )\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    word=$words[i]\n"
         "    if [[ -n $skip ]]; then skip=; continue; fi\n"
         "    case $word in\n"
         "    " +
         value_flags(manual, "|") +
         ") skip=1 ;;\n"
         "    -*) ;;\n"
         "    *)\n"
         "      if [[ -z $command ]]; then command=$word\n"
         "      elif [[ $command == (" +
         groups_pattern(manual, "|") +
         ") ]]; then command+=\" $word\"; fi\n"
         "      ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n"
         "    '')\n"
         "      words_here=(\n" +
         zsh_descriptions(manual.top()) +
         "      )\n"
         "      ;;\n" +
         zsh_cases(manual) +
         "  esac\n"
         "  if (( $#words_here )); then\n"
         "    _arguments -s : $flags '*:word:{_describe -t words word words_here}'\n"
         "  else\n"
         "    _arguments -s : $flags $places\n"
         "  fi\n"
         "}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _regctl \"$@\"; else compdef "
         "_regctl "
         "regctl; fi\n";
}

std::string fish_completion(const Manual& manual) {
  std::string script = std::string("# fish completion for regctl\n") + k_origin +
                       fish_functions(manual) + fish_flags(manual.global_flags, "");
  for (const auto* command : manual.top()) {
    for (const auto& name : full_names(*command)) {
      script += "complete -c regctl -f -n \"__regctl_is ''\" -a " + name + " -d " +
                fish_quoted(command->text.summary) + "\n";
    }
  }
  for_each_command(manual, [&](const CommandManual& command) {
    const auto condition = fish_condition(command);
    for (const auto* below : manual.below(command.text.name)) {
      script += "complete -c regctl -f" + condition + " -a " +
                std::string(last_word(below->text.name)) + " -d " +
                fish_quoted(below->text.summary) + "\n";
    }
    if (manual.below(command.text.name).empty()) {
      if (const auto words = words_of(manual, command); !words.empty()) {
        script += "complete -c regctl -f" + condition + " -a " + fish_quoted(join(words)) + "\n";
      } else if (!takes_files(command)) { // otherwise fish itself offers files, also after a scheme
        script += "complete -c regctl" + condition + " -f\n";
      }
    }
    script += fish_flags(command.flags, condition);
  });
  return script;
}

std::string completion_script(const std::string& shell, const Manual& manual) {
  if (shell == "bash") {
    return bash_completion(manual);
  }
  if (shell == "zsh") {
    return zsh_completion(manual);
  }
  if (shell == "fish") {
    return fish_completion(manual);
  }
  throw Error(ErrorKind::usage, "'" + shell + "' is not one of bash, zsh, fish");
}

} // namespace regctl::cli
