// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The head of a request as libmicrohttpd has read it.
struct RequestHead {
  struct Field {
    std::string_view name;
    std::string_view value;
    std::size_t space_bytes = 0; ///< between the colon and the value
    std::size_t at_bytes = 0;    ///< where the name begins, counted from the method
  };

  std::string_view method;
  std::string_view target;          ///< with its query, as it came
  std::string_view version;         ///< "HTTP/1.1"
  std::size_t version_at_bytes = 0; ///< where it begins, counted from the method
  std::vector<Field> fields;
  std::size_t size_bytes = 0; ///< as it came, with the empty line
};

struct HeadFault {
  int status = 400;
  std::string text;
};

/// What is wrong with a head; nothing if every reader of HTTP takes it for the same request.
/// Refused is whatever leaves it open where the body ends, or whom the request is for: lengths that
/// are several, odd or beside a transfer encoding, encodings other than "chunked", several hosts or
/// none, names with spaces, folded lines, bare CR and LF, control characters (RFC 9112
/// sections 2.2, 3.2, 5, 6). And what is too long: 16 KiB for a line (414, 431), 100 fields (431).
///
/// libmicrohttpd 0.9.75 passes over a part of that even at its strictest level, and hides some: of
/// a value with a NUL it shows what is before that, a folded line it hangs onto the name. That is
/// seen by the place where each line should begin: a sum of all would miss what a NUL hides if as
/// many line feeds are bare. A NUL before a bare line feed looks like CRLF.
std::optional<HeadFault> find_head_fault(const RequestHead& head);

} // namespace regctl::server
