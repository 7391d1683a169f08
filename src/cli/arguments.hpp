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

/// Declares what a command takes. Every declaration names where parsing puts the value (which must
/// outlive the parser; untouched where the argument is absent), and is written into the command's
/// manual. A thin layer over CLI11: its header costs seconds to compile, so only two files include
/// it, and its habits (complaints about repeated options) stay out of the commands.
class Arguments {
public:
  Arguments(::CLI::App& app, std::vector<FlagManual>& flags,
            std::vector<PositionalManual>& positionals)
      : app_(app), flags_(flags), positionals_(positionals) {}

  /// Gets the text that was written; throws Error{usage} if it does not like it.
  using Take = std::function<void(const std::string& text)>;

  void required(const std::string& name, std::string& target, const std::string& text);
  void optional(const std::string& name, std::string& target, const std::string& text);
  /// One or more.
  void repeated(const std::string& name, std::vector<std::string>& target, const std::string& text);
  /// Any number.
  void any(const std::string& name, std::vector<std::string>& target, const std::string& text);

  /// `names` are written "-a,--all-tags".
  void flag(const std::string& names, bool& target, const std::string& text);
  void value(const std::string& names, const std::string& value, std::string& target,
             const std::string& text);
  void value(const std::string& names, const std::string& value, const Take& take,
             const std::string& text);
  /// One that may be given several times.
  void values(const std::string& names, const std::string& value, const Take& take,
              const std::string& text);
  /// A flag that is not shown, for what people are used to and we do not have: throws Error{usage}.
  void refused(const std::string& names, const std::string& why, const std::string& hint);

private:
  void positional(PositionalManual manual, std::vector<std::string>& target);

  ::CLI::App& app_;
  std::vector<FlagManual>& flags_;
  std::vector<PositionalManual>& positionals_;
};

/// Puts what a flag said over what a file said, unless the flag was not given.
void replace_if_given(std::string& setting, const std::string& flag);

/// Takes one of the words that `choices` names ("table|json") and calls `take` with its number.
Arguments::Take choice(std::string choices, std::function<void(std::size_t)> take);

/// Takes a whole number of that range.
Arguments::Take number(long smallest, long largest, std::function<void(long)> take);

} // namespace regctl::cli
