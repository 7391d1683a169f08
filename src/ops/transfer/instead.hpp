// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/transfer/transfer.hpp"

#include <regctl/ops/session.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace regctl::ops {

/// What is known of a form of images that a destination may refuse; shared by all transfers there.
/// Thread-safe.
struct RefusedForm {
  /// The destination refused an image in this form, and took it in another one.
  std::atomic<bool> is_refused = false;
  std::mutex after_refusal = {}; ///< held by a transfer that begins anew in finish(): one at a time
};

/// One image in two forms, of which the destination may refuse the first.
struct TwoForms {
  std::function<std::unique_ptr<Transfer>()> first;
  std::function<std::unique_ptr<Transfer>()> instead;
  /// Called when the destination has refused the first form, and taken the other one.
  std::function<void()> on_refused = {};
};

/// The transfer of an image in its first form. A refusal shows only at the end: finish() then moves
/// it in the other one, which no item counts, and transfers that are opened later begin with that.
/// `refused` must outlive it, and so must all that `forms` refers to.
std::unique_ptr<Transfer> make_transfer_or_instead(Session& session, TwoForms forms,
                                                   RefusedForm& refused);

} // namespace regctl::ops
