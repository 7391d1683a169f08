// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

#include <regctl/base/error.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

namespace {

struct CompletionOptions {
  std::string shell;
};

struct Flag {
  std::string name; ///< "--jobs" or "-j"
  std::string description;
  bool takes_value = false;
};

std::vector<Flag> flags_of(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const auto* option : app.get_options()) {
    if (!option->get_positional() && !option->get_group().empty()) {
      const bool takes_value = option->get_expected_max() > 0 && option->get_type_size() > 0;
      for (const auto& name : option->get_lnames()) {
        flags.push_back({"--" + name, option->get_description(), takes_value});
      }
      for (const auto& name : option->get_snames()) {
        flags.push_back({"-" + name, option->get_description(), takes_value});
      }
    }
  }
  return flags;
}

std::string joined(const std::vector<Flag>& flags) {
  std::string text;
  for (const auto& flag : flags) {
    text += (text.empty() ? "" : " ") + flag.name;
  }
  return text;
}

/// `text` inside single quotes for any of the shells.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) {
    text.replace(at, 1, "'\\''");
  }
  return "'" + text + "'";
}

std::string command_names(const CLI::App& app) {
  std::string names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names += (names.empty() ? "" : " ") + command->get_name();
  }
  return names;
}

void print_bash(const CLI::App& app, std::ostream& out) {
  out << "# bash completion for regctl\n_regctl() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command= sub= word flags=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) ;; *) if [ -z \"$command\" ]; then command=$word;"
         " elif [ -z \"$sub\" ]; then sub=$word; fi ;; esac\n  done\n"
         "  case $command in\n";
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out << "    " << command->get_name() << ") flags=" << quoted(joined(flags_of(*command)))
        << " ;;\n";
  }
  out << "  esac\n  if [[ $current == -* ]]; then\n    COMPREPLY=($(compgen -W \"$flags "
      << joined(flags_of(app)) << "\" -- \"$current\"))\n"
      << "  elif [ -z \"$command\" ]; then\n    COMPREPLY=($(compgen -W "
      << quoted(command_names(app)) << " -- \"$current\"))\n"
      << "  elif [ \"$command\" = layer ] && [ -z \"$sub\" ]; then\n"
         "    COMPREPLY=($(compgen -W 'ls get files put' -- \"$current\"))\n"
         "  else\n    COMPREPLY=($(compgen -f -- \"$current\"))\n  fi\n}\n"
         "complete -o filenames -F _regctl regctl\n";
}

void print_zsh(const CLI::App& app, std::ostream& out) {
  out << "#compdef regctl\n_regctl() {\n  local -a commands flags\n  local command\n  commands=(\n";
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out << "    " << quoted(command->get_name() + ":" + command->get_description()) << "\n";
  }
  out << "  )\n  flags=(" << joined(flags_of(app))
      << ")\n"
         "  for command in ${words[2,CURRENT-1]}; do\n    [[ $command == -* ]] || break\n"
         "    command=\n  done\n  case $command in\n";
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out << "    " << command->get_name() << ") flags+=(" << joined(flags_of(*command)) << ") ;;\n";
  }
  out << "  esac\n  if [[ ${words[CURRENT]} == -* ]]; then\n    compadd -- $flags\n"
         "  elif [[ -z $command ]]; then\n    _describe command commands\n"
         "  else\n    _files\n  fi\n}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _regctl \"$@\"; else compdef "
         "_regctl "
         "regctl; fi\n";
}

void print_fish(const CLI::App& app, std::ostream& out) {
  const auto print_flags = [&](const CLI::App& command, const std::string& condition) {
    for (const auto& flag : flags_of(command)) {
      const bool is_long = flag.name.starts_with("--");
      out << "complete -c regctl" << condition << (is_long ? " -l " : " -s ")
          << flag.name.substr(is_long ? 2 : 1) << (flag.takes_value ? " -r" : "") << " -d "
          << quoted(flag.description) << "\n";
    }
  };
  out << "# fish completion for regctl\n";
  print_flags(app, "");
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out << "complete -c regctl -f -n __fish_use_subcommand -a " << command->get_name() << " -d "
        << quoted(command->get_description()) << "\n";
    print_flags(*command, " -n '__fish_seen_subcommand_from " + command->get_name() + "'");
  }
}

} // namespace

void add_completion_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<CompletionOptions>();
  command.add_option("SHELL", options->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  command.footer("Example:\n  source <(regctl completion bash)");
  command.callback([options, &context] {
    context.action = [options, &context] {
      const auto print = options->shell == "bash"  ? print_bash
                         : options->shell == "zsh" ? print_zsh
                                                   : print_fish;
      print(*context.app, context.out);
      return ExitCode::ok;
    };
  });
}

} // namespace regctl::cli
