// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manual.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// A command of docker, podman, skopeo, crane, regclient, oras and similar programs with another
/// name in regctl.
struct ForeignCommand {
  /// The order of the command's other words in ours.
  enum class Words {
    same,
    swapped,   ///< "REF FILE" becomes "FILE REF"
    to_stdout, ///< written to standard output if no file is named
    to_engine, ///< sent to the Docker engine if no destination is named
    piped,     ///< regctl has no such command, but can bring the image to the engine by a pipe
    none,      ///< regctl has no such command
  };

  std::string_view name; ///< "image copy"
  std::string_view ours; ///< "copy", "inspect --raw"; for piped and none an explanation
  Words words = Words::same;
};

/// A flag of such a program that regctl does not have, or names differently.
struct ForeignFlag {
  enum class Meaning {
    rename,     ///< `ours`, with the value if there is one
    drop,       ///< not needed, or nothing here corresponds to it: `ours` explains
    from_file,  ///< the value is the source of the image
    to_file,    ///< the value is the destination
    tls,        ///< "=false" turns off verification for both ends
    tls_of_end, ///< the same for one end
    login,      ///< USER:PASSWORD
    login_of_end,
    secret,   ///< a password
    variable, ///< sets the environment variable `ours`
    json,     ///< a format of the output
  };
  enum class Value { none, wanted };

  std::string_view names; ///< "-k,--insecure-skip-tls-verify"
  Meaning meaning = Meaning::drop;
  Value value = Value::none;
  std::string_view ours = {};
};

std::span<const ForeignCommand> foreign_commands() noexcept;
std::span<const ForeignFlag> foreign_flags() noexcept;

/// Throws Error{usage} for a command line in the style of another program, or with a URL as a
/// registry. The hint is the line to type instead, with the user's own words. Unknown words are
/// left to the parser. The line never contains a password, and never checks less than the user's
/// line asked for.
void refuse_foreign_habits(const Manual& manual, const std::vector<std::string>& arguments);

/// Whether a flag gives up some safety. Such a flag is suggested only for a word that is almost the
/// same.
bool is_risky_flag(std::string_view name) noexcept;

} // namespace regctl::cli
