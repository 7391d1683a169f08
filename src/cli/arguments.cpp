// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>

#include <CLI/App.hpp>

#include <algorithm>
#include <utility>

namespace regctl::cli {

namespace {

/// Adds the flag's name to errors about its value.
Arguments::Take named(const std::string& names, Arguments::Take take) {
  return [name = split(names, ',').back(), take = std::move(take)](const std::string& text) {
    try {
      take(text);
    } catch (const Error& error) {
      throw Error(error.kind(), name + ": " + error.message(), error.hint());
    }
  };
}

} // namespace

void Arguments::declare(const std::function<void(::CLI::App& parser)>& to) {
  if (parser_ != nullptr) {
    to(*parser_);
  }
}

void Arguments::required(const std::string& name, std::string& target, const std::string& text) {
  positionals_.push_back({name, text, true, false});
  declare([&](::CLI::App& parser) { parser.add_option(name, target)->take_last(); });
}

void Arguments::optional(const std::string& name, std::string& target, const std::string& text) {
  positionals_.push_back({name, text, false, false});
  declare([&](::CLI::App& parser) { parser.add_option(name, target)->take_last(); });
}

void Arguments::repeated(const std::string& name, std::vector<std::string>& target,
                         const std::string& text) {
  positional({name, text, true, true}, target);
}

void Arguments::any(const std::string& name, std::vector<std::string>& target,
                    const std::string& text) {
  positional({name, text, false, true}, target);
}

void Arguments::positional(PositionalManual manual, std::vector<std::string>& target) {
  // CLI11 reads "[a,b]" as a list here. No name of an image has that form.
  declare([&](::CLI::App& parser) { parser.add_option(manual.name, target); });
  positionals_.push_back(std::move(manual));
}

void Arguments::flag(const std::string& names, bool& target, const std::string& text) {
  flags_.push_back({split(names, ','), "", text});
  declare([&](::CLI::App& parser) { parser.add_flag(names, target); });
}

void Arguments::value(const std::string& names, const std::string& value, std::string& target,
                      const std::string& text) {
  flags_.push_back({split(names, ','), value, text});
  declare([&](::CLI::App& parser) { parser.add_option(names, target)->take_last(); });
}

void Arguments::value(const std::string& names, const std::string& value, const Take& take,
                      const std::string& text) {
  flags_.push_back({split(names, ','), value, text});
  declare([&](::CLI::App& parser) {
    parser.add_option_function<std::string>(names, named(names, take))->take_last();
  });
}

void Arguments::values(const std::string& names, const std::string& value, const Take& take,
                       const std::string& text) {
  flags_.push_back({split(names, ','), value, text});
  const auto take_all = [take = named(names, take)](const std::vector<std::string>& texts) {
    for (const auto& one : texts) {
      take(one);
    }
  };
  declare([&](::CLI::App& parser) {
    parser.add_option_function<std::vector<std::string>>(names, take_all)
        ->allow_extra_args(false); // else "[ab]" would be a list, and further words would be values
  });
}

void Arguments::refused(const std::string& names, const std::string& why, const std::string& hint) {
  declare([&](::CLI::App& parser) {
    parser.add_option_function<std::string>(
        names, [why, hint](const std::string&) { throw Error(ErrorKind::usage, why, hint); });
  });
}

void replace_if_given(std::string& setting, const std::string& flag) {
  if (!flag.empty()) {
    setting = flag;
  }
}

Arguments::Take choice(std::string choices, std::function<void(std::size_t)> take) {
  return [choices = std::move(choices), take = std::move(take)](const std::string& text) {
    const auto words = FlagManual{{}, choices, {}}.choices();
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) {
      throw Error(ErrorKind::usage, "'" + text + "' is not one of " + choices);
    }
    take(static_cast<std::size_t>(found - words.begin()));
  };
}

Arguments::Take number(long smallest, long largest, std::function<void(long)> take) {
  return [smallest, largest, take = std::move(take)](const std::string& text) {
    const auto value = parse_whole_number<long>(text);
    if (!value || *value < smallest || *value > largest) {
      throw Error(ErrorKind::usage, "'" + text + "' is not a whole number from " +
                                        std::to_string(smallest) + " to " +
                                        std::to_string(largest));
    }
    take(*value);
  };
}

} // namespace regctl::cli
