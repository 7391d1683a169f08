// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manual.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI { // NOLINT(readability-identifier-naming): the library is called so
class App;
}

namespace regctl::cli {

/// Declares the arguments of a command. Each declaration names the target of the value, and is
/// written into the command's manual. A target must outlive the parser; an absent argument leaves
/// it unchanged. This is a thin layer over CLI11. CLI11's header costs seconds to compile, so that
/// only two files include it, and its own rules (errors for repeated options) do not reach the
/// commands.
class Arguments {
public:
  /// Without a `parser` the arguments are only written into the manual.
  Arguments(::CLI::App* parser, std::vector<FlagManual>& flags,
            std::vector<PositionalManual>& positionals)
      : parser_(parser), flags_(flags), positionals_(positionals) {}

  /// Receives the text of a value. Throws Error{usage} for an invalid one.
  using Take = std::function<void(const std::string& text)>;

  void required(const std::string& name, std::string& target, const std::string& text);
  void optional(const std::string& name, std::string& target, const std::string& text);
  /// At least one.
  void repeated(const std::string& name, std::vector<std::string>& target, const std::string& text);
  /// Any number.
  void any(const std::string& name, std::vector<std::string>& target, const std::string& text);

  /// `names` are written like "-a,--all-tags".
  void flag(const std::string& names, bool& target, const std::string& text);
  void value(const std::string& names, const std::string& value, std::string& target,
             const std::string& text);
  void value(const std::string& names, const std::string& value, const Take& take,
             const std::string& text);
  /// A flag that may be given several times.
  void values(const std::string& names, const std::string& value, const Take& take,
              const std::string& text);
  /// A hidden flag that users know from other programs but regctl does not have: throws
  /// Error{usage}.
  void refused(const std::string& names, const std::string& why, const std::string& hint);

private:
  void declare(const std::function<void(::CLI::App& parser)>& to);
  void positional(PositionalManual manual, std::vector<std::string>& target);

  ::CLI::App* parser_;
  std::vector<FlagManual>& flags_;
  std::vector<PositionalManual>& positionals_;
};

/// Replaces `setting`, which came from a file, by the value of a flag if that was given.
void replace_if_given(std::string& setting, const std::string& flag);

/// Accepts one of the words in `choices` ("table|json") and calls `take` with its index.
Arguments::Take choice(std::string choices, std::function<void(std::size_t)> take);

/// Accepts a whole number within the range.
Arguments::Take number(long smallest, long largest, std::function<void(long)> take);

} // namespace regctl::cli
