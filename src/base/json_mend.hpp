// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// JSON as old tools wrote it and Go and Python read it, for a strict parser: U+FFFD for escaped
/// lone surrogates and for bytes that are not UTF-8, as Go reads them; null for numbers beyond the
/// range of a double. Nothing if there is nothing to mend.
std::optional<std::string> mend_json(std::string_view text);

} // namespace regctl
