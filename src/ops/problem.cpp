// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/ops/problem.hpp>

#include <new>

namespace regctl::ops {

Failure explain(const Error& error) {
  return {error.kind(), error.message(), error.hint(), error.frames()};
}

Failure explain(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const Error& error) {
    return explain(error);
  } catch (const std::bad_alloc&) {
    return {ErrorKind::local_io, "memory is short", "--jobs 1 needs the least memory", {}};
  } catch (const std::exception& error) {
    return {std::nullopt, std::string("this is a bug in regctl: ") + error.what(), {}, {}};
  }
}

std::string_view to_string(const std::optional<ErrorKind>& kind) noexcept {
  if (!kind) {
    return "bug";
  }
  switch (*kind) {
  case ErrorKind::usage:
    return "usage";
  case ErrorKind::not_found:
    return "not_found";
  case ErrorKind::denied:
    return "denied";
  case ErrorKind::unavailable:
    return "unavailable";
  case ErrorKind::protocol:
    return "protocol";
  case ErrorKind::integrity:
    return "integrity";
  case ErrorKind::local_io:
    return "local_io";
  case ErrorKind::unsupported:
    return "unsupported";
  case ErrorKind::interrupted:
    break;
  }
  return "interrupted";
}

std::optional<ErrorKind> find_kind(std::string_view name) noexcept {
  for (const auto kind : {ErrorKind::usage, ErrorKind::not_found, ErrorKind::denied,
                          ErrorKind::unavailable, ErrorKind::protocol, ErrorKind::integrity,
                          ErrorKind::local_io, ErrorKind::unsupported, ErrorKind::interrupted}) {
    if (to_string(kind) == name) {
      return kind;
    }
  }
  return std::nullopt;
}

bool ends_run(const Error& error) noexcept {
  return error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::denied;
}

bool is_damage(ErrorKind kind) noexcept {
  return kind == ErrorKind::integrity || kind == ErrorKind::protocol ||
         kind == ErrorKind::not_found;
}

Json to_json(const Failure& failure) {
  return {{"kind", to_string(failure.kind)},
          {"message", failure.message},
          {"hint", or_null(failure.hint)}};
}

Json error_or_null(const std::exception_ptr& problem) {
  return problem ? to_json(explain(problem)) : Json(nullptr);
}

} // namespace regctl::ops
