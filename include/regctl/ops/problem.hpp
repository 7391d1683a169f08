// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/json_fwd.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// An exception in words. An exception without a `kind` is a bug; lack of memory is local_io.
struct Failure {
  std::optional<ErrorKind> kind;
  std::string message;
  std::string hint;
  std::vector<std::string> frames;
};
Failure explain(const std::exception_ptr& problem);
Failure explain(const Error& error);

/// Whether an error is about the whole run, and not about the image that was read: an interruption,
/// or credentials that are refused.
bool ends_run(const Error& error) noexcept;

/// Whether the image or blob is at fault, as far as the kind of an error tells: it is absent,
/// damaged or malformed. Another attempt finds the same, and other parts of the image may be sound.
[[nodiscard]] bool is_damage(ErrorKind kind) noexcept;

/// The value of "error" in every document: {"kind", "message", "hint"}; the hint may be null.
Json to_json(const Failure& failure);
/// The same for a caught exception, or null for a null pointer.
Json error_or_null(const std::exception_ptr& problem);

/// "not_found", "denied", …; "bug" for an absent kind.
std::string_view to_string(const std::optional<ErrorKind>& kind) noexcept;
/// The kind of that name; nothing for "bug" and any other text.
std::optional<ErrorKind> find_kind(std::string_view name) noexcept;

} // namespace regctl::ops
