// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include "cli/habits.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/nearest.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <ostream>

namespace regctl::cli {

/// One command of the table in the parser.
struct CommandLine::Entry {
  ::CLI::App* app;
  const CommandManual* manual;
  Action action;
};

namespace {

/// Whether `name` is a misspelt `flag`, rather than another word that resembles it.
bool is_slip_of(std::string_view name, std::string_view flag) {
  constexpr std::size_t k_beginning = 5; // "--no-", "--ins"
  return name.substr(0, k_beginning) == flag.substr(0, k_beginning);
}

/// "unknown option '--nope'", with the most similar option as a hint.
Error unknown_flag(const std::string& written, const std::vector<FlagManual>& flags,
                   const std::vector<FlagManual>& global_flags) {
  std::vector<std::string> names;
  for (const auto* list : {&flags, &global_flags}) {
    for (const auto& flag : *list) {
      names.insert(names.end(), flag.names.begin(), flag.names.end());
    }
  }
  const auto name = written.substr(0, written.find('='));
  auto nearest = name.starts_with("--") ? find_nearest(name, names) : std::nullopt;
  if (nearest && is_risky_flag(*nearest) && !is_slip_of(name, *nearest)) {
    nearest.reset();
  }
  return {ErrorKind::usage,
          "unknown option '" + name + "'" + (nearest ? "; did you mean " + *nearest + "?" : "")};
}

} // namespace

CommandLine::CommandLine(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), app_(std::make_unique<::CLI::App>()) {
  // Unknown arguments are handled after parsing (complain()), with better messages than CLI11's.
  app_->set_help_flag();
  app_->allow_extras();
  app_->require_subcommand(0, 1);
  std::vector<PositionalManual> none;
  Arguments declared(app_.get(), manual_.global_flags, none);
  add_global_options(declared, globals_);
  for (const auto& section : command_sections()) {
    auto& group = manual_.groups.emplace_back();
    group.title = section.title;
    group.commands.resize(section.commands.size()); // entries refer to them
    for (std::size_t i = 0; i < section.commands.size(); ++i) {
      add(section.commands[i](), group.commands[i]);
    }
  }
}

CommandLine::~CommandLine() = default;

void CommandLine::add(const Command& command, CommandManual& manual) {
  manual.text = command.text;
  const auto name = command.text.name;
  auto* parent = app_.get();
  for (const auto& entry : entries_) {
    if (name.substr(0, name.rfind(' ')) == entry->manual->text.name) {
      parent = entry->app;
    }
  }
  auto* app = parent->add_subcommand(std::string(last_word(name)));
  app->set_help_flag();
  app->allow_extras(false)->fallthrough()->require_subcommand(0, 1);
  bool may_be_chosen = is_argument(name);
  for (const auto alias : command.text.aliases) {
    app->alias(std::string(last_word(alias)));
    may_be_chosen = may_be_chosen || is_argument(alias);
  }
  Arguments declared(may_be_chosen ? app : nullptr, manual.flags, manual.positionals);
  auto action = command.add == nullptr ? Action() : command.add(declared);
  entries_.push_back(std::make_unique<Entry>(Entry{app, &manual, std::move(action)}));
}

/// Whether the last word of a command's name is among the arguments.
bool CommandLine::is_argument(std::string_view name) const {
  return std::find(arguments_.begin(), arguments_.end(), last_word(name)) != arguments_.end();
}

const CommandLine::Entry* CommandLine::chosen() const {
  const Entry* found = nullptr;
  for (const auto& entry : entries_) { // a subcommand comes after its command
    if (entry->app->parsed()) {
      found = entry.get();
    }
  }
  return found;
}

const CommandManual* CommandLine::command() const {
  const auto* entry = chosen();
  return entry == nullptr ? nullptr : entry->manual;
}

void CommandLine::complain(const std::string& unexpected) const {
  const auto* entry = chosen();
  const bool is_flag = unexpected.starts_with('-') && unexpected != "-";
  if (is_flag) {
    throw unknown_flag(unexpected,
                       entry == nullptr ? std::vector<FlagManual>() : entry->manual->flags,
                       manual_.global_flags);
  }
  const auto below = entry == nullptr ? manual_.top() : manual_.below(entry->manual->text.name);
  if (below.empty()) {
    throw Error(ErrorKind::usage, "'" + unexpected + "' is one argument too many");
  }
  std::vector<std::string> names;
  for (const auto* command : below) {
    names.emplace_back(last_word(command->text.name));
    for (const auto alias : command->text.aliases) {
      names.emplace_back(last_word(alias));
    }
  }
  const auto nearest = find_nearest(unexpected, names);
  throw Error(ErrorKind::usage,
              "there is no command '" + unexpected + "'" +
                  (nearest ? "; did you mean " + *nearest + "?" : ""),
              nearest || entry == nullptr ? "" : line_to_read(*entry->manual, unexpected));
}

/// The line that reads `place`, where a group of commands was typed with a place behind it, as
/// crane takes "manifest IMAGE"; "" for other words.
std::string CommandLine::line_to_read(const CommandManual& group, const std::string& place) const {
  const auto name = std::string(group.text.name);
  const bool is_place = place.find_first_of(":/@") != std::string::npos;
  return is_place && manual_.find(name + " get") != nullptr ? typed_line({name, "get", place}) : "";
}

void CommandLine::check_required(const Entry& entry) const {
  for (const auto& positional : entry.manual->positionals) {
    if (positional.is_required && entry.app->count(positional.name) == 0) {
      throw Error(ErrorKind::usage, positional.name + " is missing");
    }
  }
}

void CommandLine::run_parser() {
  std::vector<std::string> reversed(arguments_.rbegin(), arguments_.rend()); // CLI11's order
  try {
    app_->parse(std::move(reversed));
  } catch (const ::CLI::ArgumentMismatch& problem) { // "--jobs: 1 required TEXT missing"
    const std::string text = problem.what();
    throw Error(ErrorKind::usage, "the value of " + text.substr(0, text.find(':')) + " is missing");
  } catch (const ::CLI::ParseError& problem) {
    throw Error(ErrorKind::usage, problem.what());
  }
}

Invocation CommandLine::parse() {
  refuse_foreign_habits(manual_, arguments_);
  run_parser();
  const auto* entry = chosen();
  const auto* manual = entry == nullptr ? nullptr : entry->manual;
  if (globals_.version) {
    return {manual, [](Context& context) { return show_version(context); }};
  }
  if (globals_.help) {
    return {manual, [manual](Context& context) {
              context.out() << (manual == nullptr ? full_help(context.manual())
                                                  : command_help(context.manual(), *manual));
              return ExitCode::ok;
            }};
  }
  auto unexpected = app_->remaining(true);
  if (const auto end = std::find(unexpected.begin(), unexpected.end(), "--");
      end != unexpected.end()) {
    unexpected.erase(end); // it ends the options, and CLI11 has handled it
  }
  if (!unexpected.empty()) {
    complain(unexpected.front());
  }
  if (entry == nullptr && !arguments_.empty()) {
    throw Error(ErrorKind::usage, "a command is missing");
  }
  if (entry == nullptr) {
    return {nullptr, [](Context& context) {
              context.out() << short_help(context.manual());
              return ExitCode::ok;
            }};
  }
  if (!entry->action) {
    return {manual, [manual](Context& context) {
              context.out() << command_help(context.manual(), *manual);
              return ExitCode::ok;
            }};
  }
  check_required(*entry);
  return {manual, entry->action};
}

} // namespace regctl::cli
