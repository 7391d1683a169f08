// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// Called at the end of each element: with the names from the root down to it, without prefixes of
/// namespaces ("ListBucketResult/Contents/Key"), and the text that stands in it and in no element
/// below it.
using OnElement = std::function<void(std::string_view path, const std::string& text)>;

/// Reads a document element by element, so that its length does not matter. White space before it
/// is passed over: S3 sends some while it works (CompleteMultipartUpload). Throws Error{protocol}
/// naming `what` for a document that is not well-formed, has a DOCTYPE (S3 sends none, and entities
/// declared there could be nested without end), or is over 32 elements deep or has more than 64 KiB
/// of text in one element; and what reading and `on_element` throw.
void read_xml(Source& source, const std::string& what, const OnElement& on_element);

/// `text` with the characters that have a meaning in XML as entities.
std::string xml_escape(std::string_view text);

} // namespace regctl::objects
