// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manual.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// A command of docker, podman, skopeo, crane, regclient, oras and their kin that regctl calls
/// something else.
struct ForeignCommand {
  /// What becomes of the words behind it.
  enum class Words {
    same,
    swapped,   ///< "REF FILE" where we want "FILE REF"
    to_stdout, ///< written to standard output where no file is named
    to_engine, ///< and to the Docker engine
    piped,     ///< there is none of it here, but the image can be brought to the engine
    none,      ///< there is nothing of the kind
  };

  std::string_view name; ///< "image copy"
  std::string_view ours; ///< "copy", "inspect --raw"; what to say of it for piped and none
  Words words = Words::same;
};

/// A flag of theirs that regctl does not have, or has as something else.
struct ForeignFlag {
  enum class Meaning {
    rename,     ///< `ours`, with the value if there is one
    drop,       ///< regctl does that anyway, or v1 has nothing of the kind: `ours` says which
    from_file,  ///< the value is where the image comes from
    to_file,    ///< and where it goes to
    tls,        ///< "=false" asks for no verification, of both ends
    tls_of_end, ///< and of one of them
    login,      ///< USER:PASSWORD
    login_of_end,
    secret,   ///< a password
    variable, ///< an environment variable, named by `ours`
    json,     ///< how output looks
  };
  enum class Value { none, wanted };

  std::string_view names; ///< "-k,--insecure-skip-tls-verify"
  Meaning meaning = Meaning::drop;
  Value value = Value::none;
  std::string_view ours = {};
};

std::span<const ForeignCommand> foreign_commands() noexcept;
std::span<const ForeignFlag> foreign_flags() noexcept;

/// Throws Error{usage} for a command line that is meant for another of those programs, or has a
/// registry as a URL; its hint is the line to type instead, with the user's own words. What it does
/// not know it leaves to the parser. No password is ever part of a line, and nothing is proposed
/// that checks less than what was asked for.
void refuse_foreign_habits(const Manual& manual, const std::vector<std::string>& arguments);

/// Whether a flag gives something up, so that only who all but writes it gets it proposed.
bool is_risky_flag(std::string_view name) noexcept;

} // namespace regctl::cli
