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
    std::size_t at_bytes = 0;    ///< position of the name, counted from the method
  };

  std::string_view method;
  std::string_view target;          ///< with its query, undecoded
  std::string_view version;         ///< "HTTP/1.1"
  std::size_t version_at_bytes = 0; ///< its position, counted from the method
  std::vector<Field> fields;
  std::size_t size_bytes = 0; ///< as received, with the empty line
};

struct HeadFault {
  int status = 400;
  std::string text;
};

/// The fault of a head; nothing if every reader of HTTP takes it for the same request. Faulty is a
/// head that is ambiguous about the end of its body or about its host: several, malformed or
/// contradictory lengths, transfer encodings other than "chunked", several hosts or none, names
/// with spaces, folded lines, bare CR and LF, control characters (RFC 9112 sections 2.2, 3.2, 5,
/// 6). Faulty too is a line over 16 KiB (414, 431) and a head with more than 100 fields (431).
///
/// libmicrohttpd 0.9.75 accepts some of these even at its strictest level, and hides some: it cuts
/// a value at a NUL and appends a folded line to the name. They are found by comparing where each
/// line should begin with where it does. (A comparison of the total size would miss a hidden NUL if
/// equally many line feeds are bare.) A NUL before a bare line feed looks like CRLF.
std::optional<HeadFault> find_head_fault(const RequestHead& head);

} // namespace regctl::server
