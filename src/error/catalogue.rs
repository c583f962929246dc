//! The table of codes: one row is a code, its status, whether a retry helps, and what it says in Vietnamese and English.

codes! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", 400, Never,
        vi "JSON không hợp lệ", "Nội dung gửi lên không phải là JSON hợp lệ.",
        en "Malformed JSON", "The body is not valid JSON.";
    /// The body is JSON, but does not fit the schema; the pointer says where.
    InvalidBody = "invalid_body", 400, Never,
        vi "Nội dung không đúng cấu trúc", "Nội dung gửi lên không đúng cấu trúc quy định: {problem}.",
        en "Invalid body", "The body does not fit the schema: {problem}.";
    /// A query parameter that this operation does not have.
    UnknownParameter = "unknown_parameter", 400, Never,
        vi "Tham số không tồn tại", "Không có tham số {name} cho thao tác này.",
        en "Unknown parameter", "This operation has no parameter {name}.";
    /// A parameter of the path or the query whose value cannot be read or is not allowed.
    InvalidParameter = "invalid_parameter", 400, Never,
        vi "Tham số không hợp lệ", "Giá trị của tham số {name} không hợp lệ.",
        en "Invalid parameter", "The value of the parameter {name} is not valid.";
    /// A cursor that the service did not make, or made for another list.
    InvalidCursor = "invalid_cursor", 400, Never,
        vi "Con trỏ trang không hợp lệ", "Con trỏ trang không thuộc danh sách này; đề nghị đọc lại từ trang đầu.",
        en "Invalid cursor", "The cursor does not belong to this list; start again from the first page.";
    /// A request header whose value cannot be read.
    InvalidHeader = "invalid_header", 400, Never,
        vi "Tiêu đề yêu cầu không hợp lệ", "Giá trị của tiêu đề {name} không hợp lệ.",
        en "Invalid header", "The value of the header {name} is not valid.";

    /// The request carries no access token.
    TokenMissing = "token_missing", 401, NewToken,
        vi "Thiếu mã truy cập", "Yêu cầu chưa kèm mã truy cập; đề nghị đăng nhập.",
        en "Token missing", "The request carries no access token; log in first.";
    /// The access token does not pass the checks: signature, issuer, audience, revocation.
    TokenInvalid = "token_invalid", 401, NewToken,
        vi "Mã truy cập không hợp lệ", "Mã truy cập không hợp lệ hoặc đã bị thu hồi; đề nghị đăng nhập lại.",
        en "Token invalid", "The access token is not valid or has been revoked; log in again.";
    /// The access token is past its end.
    TokenExpired = "token_expired", 401, NewToken,
        vi "Mã truy cập hết hạn", "Mã truy cập đã hết hạn; đề nghị lấy mã mới.",
        en "Token expired", "The access token has expired; obtain a new one.";
    /// The client id or the client secret of a service account is wrong.
    InvalidClient = "invalid_client", 401, Never,
        vi "Xác thực ứng dụng không thành công", "Mã định danh hoặc khóa bí mật của ứng dụng không đúng.",
        en "Invalid client", "The client id or the client secret is wrong.";

    /// The caller holds no role that gives this right.
    RoleRequired = "role_required", 403, Never,
        vi "Không đủ thẩm quyền", "Vai trò được giao không cho phép thực hiện thao tác này.",
        en "Role required", "None of the caller's roles allows this action.";
    /// The role would do, but the scope of the token is too narrow.
    ScopeRequired = "scope_required", 403, NewToken,
        vi "Phạm vi của mã truy cập không đủ", "Thao tác này cần mã truy cập có phạm vi: {needs}.",
        en "Scope required", "This action needs a token with the scope: {needs}.";
    /// The role acts for its own unit alone, and this is another one.
    NotOwnUnit = "not_own_unit", 403, Never,
        vi "Không thuộc đơn vị của mình", "Vai trò được giao chỉ cho phép thực hiện đối với đơn vị của mình.",
        en "Not the own unit", "This role may act for its own unit only.";
    /// The caller has a conflict of interest with the unit concerned.
    Recused = "recused", 403, Never,
        vi "Không được tham gia do xung đột lợi ích", "Không được tham gia xem xét đơn vị này do xung đột lợi ích: {ground}.",
        en "Recused", "The caller takes no part in reviewing this unit because of a conflict of interest: {ground}.";
    /// Who asked for something may not also approve or reject it.
    SamePerson = "same_person", 403, Never,
        vi "Người đề nghị không được tự quyết định", "Người đã đề nghị không được tự phê duyệt hoặc từ chối đề nghị đó; phải do người khác quyết định.",
        en "Same person", "The person who asked may not approve or reject it; another person has to decide.";

    /// Nothing is here, or nothing that the caller may know of.
    NotFound = "not_found", 404, Never,
        vi "Không tìm thấy", "Không tìm thấy nội dung yêu cầu hoặc nội dung không thuộc phạm vi được xem.",
        en "Not found", "Nothing was found here that the caller may see.";

    /// The path exists, but not with this method; `Allow` lists those it has.
    MethodNotAllowed = "method_not_allowed", 405, Never,
        vi "Phương thức không được hỗ trợ", "Địa chỉ này không hỗ trợ phương thức đã dùng; xem tiêu đề Allow.",
        en "Method not allowed", "This address does not support the method; see the header Allow.";

    /// None of the media types in `Accept` can be answered.
    NotAcceptable = "not_acceptable", 406, Never,
        vi "Không có định dạng được yêu cầu", "Không thể trả kết quả theo định dạng nêu trong tiêu đề Accept.",
        en "Not acceptable", "The answer is not available in any format named by the header Accept.";

    /// The request did not arrive whole in time.
    RequestTimeout = "request_timeout", 408, Later,
        vi "Quá thời gian nhận yêu cầu", "Yêu cầu chưa được gửi đầy đủ trong thời gian cho phép; đề nghị gửi lại.",
        en "Request time-out", "The request did not arrive in full within the time allowed; send it again.";

    /// The record is in a state in which this action does not exist.
    InvalidState = "invalid_state", 409, AfterChange,
        vi "Trạng thái không phù hợp", "Trạng thái hiện tại là {state}; thao tác này chỉ thực hiện được ở trạng thái: {needs}.",
        en "Invalid state", "The current state is {state}; this action needs the state: {needs}.";
    /// The gate has closed; only an extension opens it again.
    DeadlinePassed = "deadline_passed", 409, AfterChange,
        vi "Đã hết thời hạn", "Thời hạn đã kết thúc lúc {closed_at}; chỉ thực hiện được khi được gia hạn.",
        en "Deadline passed", "The deadline ended at {closed_at}; only an extension allows this action.";
    /// What the request would make is there already.
    AlreadyExists = "already_exists", 409, AfterChange,
        vi "Đã tồn tại", "Nội dung cần tạo đã có; đề nghị đọc và sử dụng nội dung hiện có.",
        en "Already exists", "What the request would create is there already; read and use it.";
    /// The record is fixed for good and takes no change.
    ResourceLocked = "resource_locked", 409, Never,
        vi "Nội dung đã khóa", "Nội dung này đã được chốt và không được thay đổi.",
        en "Resource locked", "This record is final and cannot be changed.";
    /// What gates are counted by cannot change while a period is open.
    PeriodOpen = "period_open", 409, Later,
        vi "Đang có kỳ thi đua mở", "Múi giờ không thay đổi được khi còn kỳ thi đua đang mở: các thời hạn đã tính theo múi giờ hiện tại.",
        en "A period is open", "The time zone cannot change while a period is open: its gates are counted by the present one.";
    /// Units with equal results stand across an award line.
    UnresolvedTie = "unresolved_tie", 409, AfterChange,
        vi "Chưa xử lý trường hợp đồng hạng", "Có đơn vị đồng hạng tại ranh giới khen thưởng; cần Hội đồng quyết định thứ tự.",
        en "Unresolved tie", "Units are tied across an award line; the council has to decide their order.";
    /// More awards than the period provides.
    QuotaExceeded = "quota_exceeded", 409, AfterChange,
        vi "Vượt số lượng khen thưởng", "Số tập thể được đề nghị vượt số lượng khen thưởng quy định của kỳ đánh giá.",
        en "Quota exceeded", "More units are proposed than the period has awards of this kind.";
    /// More pieces of evidence than one sheet may have.
    TooManyPieces = "too_many_pieces", 409, AfterChange,
        vi "Quá nhiều minh chứng", "Một bảng chấm không được có quá {max} minh chứng.",
        en "Too many pieces", "A sheet has no more than {max} pieces of evidence.";
    /// Conditions of the action are not met; `errors` lists every one.
    GuardFailed = "guard_failed", 409, AfterChange,
        vi "Chưa đủ điều kiện thực hiện", "Chưa đủ điều kiện để thực hiện thao tác này; các điều kiện còn thiếu được nêu trong danh sách lỗi.",
        en "Conditions not met", "The conditions of this action are not met; the list of errors names each of them.";
    /// The first request with this idempotency key is still running.
    IdempotencyInProgress = "idempotency_in_progress", 409, Later,
        vi "Yêu cầu đang được xử lý", "Yêu cầu trước có cùng Idempotency-Key đang được xử lý; đề nghị gửi lại sau.",
        en "Request in progress", "An earlier request with the same Idempotency-Key is still running; send it again later.";
    /// The period's criteria set is not published.
    CriteriaSetNotPublished = "criteria_set_not_published", 409, AfterChange,
        vi "Bảng tiêu chí chưa ban hành", "Bảng tiêu chí của kỳ đánh giá không ở trạng thái đã ban hành.",
        en "Criteria set not published", "The criteria set of the period is not published.";
    /// The period names no unit.
    UnitsMissing = "units_missing", 409, AfterChange,
        vi "Chưa có đơn vị tham gia", "Kỳ đánh giá chưa có đơn vị nào tham gia.",
        en "Units missing", "The period has no units.";
    /// The dates of the schedule are incomplete or do not follow one another.
    ScheduleOutOfOrder = "schedule_out_of_order", 422, AfterChange,
        vi "Lịch thực hiện không đúng trình tự", "Các mốc thời gian của kỳ đánh giá còn thiếu hoặc không theo đúng trình tự.",
        en "Schedule out of order", "The dates of the period are incomplete or not in order.";
    /// A unit can still submit its sheet.
    SheetOpen = "sheet_open", 409, Later,
        vi "Còn đơn vị chưa nộp", "Đơn vị {unit_code} chưa nộp bảng tự chấm điểm và vẫn còn thời hạn nộp.",
        en "Sheet open", "Unit {unit_code} has not submitted its self-assessment and still has time to do so.";
    /// A sheet without a submitted appraisal.
    AppraisalMissing = "appraisal_missing", 409, Later,
        vi "Chưa thẩm định", "Bảng tự chấm điểm của đơn vị {unit_code} chưa thẩm định xong.",
        en "Appraisal missing", "The appraisal of unit {unit_code} has not been submitted.";
    /// A sheet without a submitted review of the council.
    CouncilReviewMissing = "council_review_missing", 409, Later,
        vi "Hội đồng chưa đánh giá", "Hội đồng chưa hoàn thành đánh giá đơn vị {unit_code}.",
        en "Council review missing", "The council review of unit {unit_code} has not been submitted.";
    /// The period has no closed session of the council with a quorum.
    SessionWithoutQuorum = "session_without_quorum", 409, Later,
        vi "Chưa có phiên họp hợp lệ", "Kỳ đánh giá chưa có phiên họp Hội đồng nào đã kết thúc và đủ số thành viên tham dự theo quy định.",
        en "No session with a quorum", "The period has no closed council session with a quorum.";
    /// A unit whose eligibility cannot be told without its facts.
    FactsMissing = "facts_missing", 409, Later,
        vi "Thiếu thông tin xét điều kiện", "Chưa có thông tin xét điều kiện khen thưởng của đơn vị {unit_code}.",
        en "Facts missing", "The facts that decide whether unit {unit_code} is eligible are missing.";
    /// An award proposal that is neither approved nor declined.
    ProposalUndecided = "proposal_undecided", 409, Later,
        vi "Đề nghị chưa có kết quả", "Đề nghị khen thưởng đối với đơn vị {unit_code} chưa có kết quả.",
        en "Proposal undecided", "The award proposal of unit {unit_code} is neither approved nor declined.";
    /// A document that the dossier needs is not attached.
    DocumentMissing = "document_missing", 409, AfterChange,
        vi "Hồ sơ thiếu tài liệu", "Hồ sơ đề nghị khen thưởng còn thiếu tài liệu: {document}.",
        en "Document missing", "The dossier lacks the document: {document}.";
    /// The first day or instant of the action has not come.
    TooEarly = "too_early", 409, Later,
        vi "Chưa đến thời điểm thực hiện", "Thao tác này chỉ được thực hiện từ {not_before}.",
        en "Too early", "This action is possible from {not_before} on.";

    /// `If-Match` names a version that is no longer the current one.
    VersionMismatch = "version_mismatch", 412, AfterChange,
        vi "Nội dung đã thay đổi", "Nội dung đã thay đổi kể từ lần đọc trước; đề nghị đọc lại rồi thực hiện.",
        en "Version mismatch", "The record has changed since it was read; read it again before the change.";

    /// The change needs `If-Match`, and the request has none.
    PreconditionRequired = "precondition_required", 428, AfterChange,
        vi "Thiếu tiêu đề If-Match", "Thao tác này cần tiêu đề If-Match mang ETag của nội dung đã đọc.",
        en "Precondition required", "This change needs the header If-Match with the ETag of what was read.";

    /// The body is longer than the service takes.
    BodyTooLarge = "body_too_large", 413, Never,
        vi "Nội dung quá lớn", "Nội dung gửi lên vượt mức tối đa {max_bytes} byte.",
        en "Body too large", "The body is longer than {max_bytes} bytes.";
    /// An uploaded file is longer than the service takes.
    FileTooLarge = "file_too_large", 413, Never,
        vi "Tệp quá lớn", "Tệp tải lên vượt mức tối đa {max_bytes} byte.",
        en "File too large", "The file is longer than {max_bytes} bytes.";

    /// The operation does not take this `Content-Type`.
    UnsupportedMediaType = "unsupported_media_type", 415, Never,
        vi "Định dạng không được hỗ trợ", "Thao tác này không nhận định dạng nêu trong tiêu đề Content-Type.",
        en "Unsupported media type", "This operation does not take the format named by the header Content-Type.";

    /// The content breaks rules; `errors` lists every one.
    ValidationFailed = "validation_failed", 422, Never,
        vi "Nội dung không hợp lệ", "Nội dung chưa đáp ứng quy định; từng điểm cần sửa được nêu trong danh sách lỗi.",
        en "Validation failed", "The content breaks rules; the list of errors names each point to correct.";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, Never,
        vi "Idempotency-Key đã được sử dụng", "Idempotency-Key này đã được dùng cho một yêu cầu có nội dung khác.",
        en "Idempotency key reused", "This Idempotency-Key was used for a request with other content.";
    /// The caller belongs to several organisations and has named none.
    OrganizationRequired = "organization_required", 422, Never,
        vi "Chưa nêu cơ quan", "Tài khoản thuộc nhiều cơ quan; đề nghị nêu rõ cơ quan.",
        en "Organisation required", "The caller belongs to several organisations; name one of them.";
    /// A value that is needed here is absent.
    Required = "required", 422, Never,
        vi "Thiếu thông tin bắt buộc", "Thông tin này là bắt buộc.",
        en "Required", "This value is required.";
    /// A text above its maximum length, counted in characters.
    TextTooLong = "text_too_long", 422, Never,
        vi "Văn bản quá dài", "Văn bản được dài tối đa {max} ký tự.",
        en "Text too long", "The text may have at most {max} characters.";
    /// A text with NUL or control characters other than newline and tab.
    TextInvalid = "text_invalid", 422, Never,
        vi "Văn bản có ký tự không hợp lệ", "Văn bản không được chứa ký tự điều khiển, trừ ký tự xuống dòng và tab.",
        en "Text invalid", "The text may hold no control characters other than newline and tab.";
    /// A text that holds nothing but white space.
    TextEmpty = "text_empty", 422, Never,
        vi "Văn bản để trống", "Văn bản không được để trống.",
        en "Text empty", "The text may not be empty.";
    /// A code with characters that a code may not have.
    InvalidCode = "invalid_code", 422, Never,
        vi "Mã không hợp lệ", "Mã chỉ được gồm chữ cái, chữ số, dấu chấm, dấu gạch dưới và dấu gạch ngang.",
        en "Invalid code", "A code consists of letters, digits, full stops, underscores and hyphens.";
    /// Points with a third decimal.
    PointsPrecision = "points_precision", 422, Never,
        vi "Điểm có quá nhiều chữ số thập phân", "Điểm được ghi tối đa hai chữ số thập phân.",
        en "Points too precise", "Points have at most two decimals.";
    /// Points that no criterion, part or rule may have.
    PointsOutOfRange = "points_out_of_range", 422, Never,
        vi "Số điểm ngoài phạm vi", "Số điểm nằm ngoài phạm vi cho phép.",
        en "Points out of range", "The points are outside the range allowed.";
    /// A number below its minimum or above its maximum.
    NumberOutOfRange = "number_out_of_range", 422, Never,
        vi "Số ngoài phạm vi", "Giá trị phải từ {min} đến {max}.",
        en "Number out of range", "The number has to be from {min} to {max}.";
    /// A number with more decimals than are kept.
    NumberPrecision = "number_precision", 422, Never,
        vi "Số có quá nhiều chữ số thập phân", "Số chỉ được có tối đa {decimals} chữ số thập phân.",
        en "Number precision", "The number may have at most {decimals} decimals.";
    /// A date that may not stand here.
    DateOutOfRange = "date_out_of_range", 422, Never,
        vi "Ngày ngoài phạm vi", "Ngày nằm ngoài khoảng thời gian cho phép.",
        en "Date out of range", "The date is outside the range allowed.";
    /// A date before today where only today or later makes sense.
    DateInPast = "date_in_past", 422, Never,
        vi "Ngày đã qua", "Ngày không được trước ngày hiện tại.",
        en "Date in the past", "The date may not be before today.";
    /// An extension that would end the deadline no later than it does already.
    DeadlineShortened = "deadline_shortened", 422, AfterChange,
        vi "Không được rút ngắn thời hạn", "Gia hạn phải đến sau ngày {due_on}.",
        en "Deadline shortened", "An extension has to go beyond {due_on}.";
    /// A working day that is swapped in must be a day off by itself.
    NotADayOff = "not_a_day_off", 422, Never,
        vi "Không phải ngày nghỉ", "Chỉ ngày nghỉ mới có thể được hoán đổi thành ngày làm việc.",
        en "Not a day off", "Only a day off can be swapped for a working day.";
    /// A time zone that the time zone database does not have.
    UnknownTimeZone = "unknown_time_zone", 422, Never,
        vi "Múi giờ không tồn tại", "Không có múi giờ này; ví dụ múi giờ hợp lệ: Asia/Ho_Chi_Minh.",
        en "Unknown time zone", "There is no such time zone; Asia/Ho_Chi_Minh is an example of one.";
    /// A reference to something that does not exist or that the caller may not see.
    UnknownReference = "unknown_reference", 422, Never,
        vi "Nội dung dẫn chiếu không tồn tại", "Nội dung được dẫn chiếu không tồn tại hoặc không thuộc phạm vi được xem.",
        en "Unknown reference", "What is referred to does not exist or is not visible to the caller.";
    /// The same value twice where each may stand once.
    Duplicate = "duplicate", 422, Never,
        vi "Giá trị trùng lặp", "Giá trị {value} bị trùng lặp.",
        en "Duplicate", "The value {value} stands here more than once.";
    /// A role that acts for a unit, given to a member without one.
    UnitRequired = "unit_required", 422, Never,
        vi "Chưa nêu đơn vị", "Vai trò cấp đơn vị phải gắn với một đơn vị.",
        en "Unit required", "A role that acts for a unit needs a unit.";
    /// A unit that is no longer active.
    UnitInactive = "unit_inactive", 422, AfterChange,
        vi "Đơn vị không còn hoạt động", "Đơn vị được nêu không còn hoạt động.",
        en "Unit inactive", "The unit is no longer active.";
    /// A unit that takes no part in the period.
    UnitNotInPeriod = "unit_not_in_period", 422, Never,
        vi "Đơn vị không tham gia kỳ đánh giá", "Đơn vị được nêu không thuộc danh sách tham gia kỳ đánh giá.",
        en "Unit not in the period", "The unit takes no part in the period.";
    /// A role that may not be given here.
    RoleNotAllowed = "role_not_allowed", 422, Never,
        vi "Vai trò không được phép giao", "Không được giao vai trò này trong trường hợp đã nêu.",
        en "Role not allowed", "This role may not be given here.";
    /// A criterion that the criteria set does not have, or that takes no score.
    UnknownCriterion = "unknown_criterion", 422, Never,
        vi "Tiêu chí không tồn tại", "Bảng tiêu chí không có tiêu chí chấm điểm {criterion}.",
        en "Unknown criterion", "The criteria set has no criterion {criterion} to score.";
    /// The same criterion twice in one request.
    DuplicateCriterion = "duplicate_criterion", 422, Never,
        vi "Tiêu chí trùng lặp", "Tiêu chí {criterion} được nêu nhiều lần.",
        en "Duplicate criterion", "Criterion {criterion} is named more than once.";
    /// A score above the maximum of its criterion or below zero.
    ScoreOutOfRange = "score_out_of_range", 422, Never,
        vi "Điểm vượt mức tối đa", "Tiêu chí {criterion}: điểm tối đa là {max}, nhận được {got}.",
        en "Score out of range", "Criterion {criterion}: at most {max} points, got {got}.";
    /// Points that are no multiple of the criterion's step.
    PointsStep = "points_step", 422, Never,
        vi "Điểm không đúng bước chấm", "Tiêu chí {criterion}: điểm phải là bội số của {step}.",
        en "Points off step", "Criterion {criterion}: the points have to be a multiple of {step}.";
    /// An answer of another kind than the criterion's rule asks for.
    AnswerMismatch = "answer_mismatch", 422, Never,
        vi "Nội dung chấm không phù hợp", "Tiêu chí {criterion}: nội dung chấm không phù hợp với quy tắc tính điểm {rule}.",
        en "Answer mismatch", "Criterion {criterion}: the answer does not fit the rule {rule}.";
    /// A criterion declared not applicable by its own unit, or in a table that has no such thing.
    NotApplicableRefused = "not_applicable_refused", 422, Never,
        vi "Không được khai không áp dụng", "Tiêu chí {criterion}: chỉ bước thẩm định hoặc xét duyệt mới được xác định không áp dụng, và chỉ khi bảng tiêu chí cho phép.",
        en "Not applicable refused", "Criterion {criterion}: only a review may say that it does not apply, and only where the table provides for it.";
    /// A target for a criterion that is not scored against one, or has its own.
    TargetNotAsked = "target_not_asked", 422, Never,
        vi "Tiêu chí không cần chỉ tiêu", "Tiêu chí {criterion} không chấm theo tỷ lệ chỉ tiêu, hoặc đã có chỉ tiêu trong bảng tiêu chí.",
        en "Target not asked for", "Criterion {criterion} is not scored against a target, or has its own in the table.";
    /// A change of a target by which a line is scored, or was sent, already.
    TargetInUse = "target_in_use", 409, AfterChange,
        vi "Chỉ tiêu đã được dùng để chấm điểm", "Tiêu chí {criterion} của đơn vị đã được chấm theo chỉ tiêu hiện tại; đề nghị đơn vị xóa điểm mục này trước khi đổi chỉ tiêu.",
        en "Target in use", "Criterion {criterion} of the unit is scored by the target that stands; the unit has to clear the line first.";
    /// A level that the criterion's rule does not have.
    UnknownLevel = "unknown_level", 422, Never,
        vi "Mức đánh giá không tồn tại", "Tiêu chí {criterion} không có mức đánh giá {got}; các mức: {known}.",
        en "Unknown level", "Criterion {criterion} has no level {got}; its levels are {known}.";
    /// An option that the criterion's rule does not have.
    UnknownOption = "unknown_option", 422, Never,
        vi "Phương án không tồn tại", "Tiêu chí {criterion} không có phương án {got}; các phương án: {known}.",
        en "Unknown option", "Criterion {criterion} has no option {got}; its options are {known}.";
    /// An option that one answer names twice.
    DuplicateOption = "duplicate_option", 422, Never,
        vi "Phương án trùng lặp", "Tiêu chí {criterion}: phương án {got} được nêu nhiều lần.",
        en "Duplicate option", "Criterion {criterion}: the option {got} is named more than once.";
    /// A rank outside every band of the criterion's rule.
    RankOutOfBands = "rank_out_of_bands", 422, Never,
        vi "Thứ hạng ngoài các khoảng quy định", "Tiêu chí {criterion}: thứ hạng {got} không thuộc khoảng nào: {known}.",
        en "Rank outside the bands", "Criterion {criterion}: the rank {got} is in none of the bands {known}.";
    /// Criteria that share points take more of them together than there are.
    SharedPointsExceeded = "shared_points_exceeded", 422, AfterChange,
        vi "Vượt số điểm dùng chung", "Các tiêu chí {criteria} dùng chung tối đa {max} điểm, tổng nhận được là {got}.",
        en "Shared points exceeded", "The criteria {criteria} share at most {max} points, got {got} in all.";
    /// A criterion without a score on a sheet that is to be submitted.
    MissingScore = "missing_score", 422, AfterChange,
        vi "Chưa chấm điểm", "Tiêu chí {criterion} chưa được chấm điểm.",
        en "Missing score", "Criterion {criterion} has no score.";
    /// A criterion that asks for evidence and has none.
    EvidenceRequired = "evidence_required", 422, AfterChange,
        vi "Thiếu minh chứng", "Tiêu chí {criterion} phải có minh chứng.",
        en "Evidence required", "Criterion {criterion} needs evidence.";
    /// A score that departs from the stage before, without a reason.
    ReasonRequired = "reason_required", 422, AfterChange,
        vi "Chưa nêu lý do thay đổi", "Tiêu chí {criterion}: phải nêu lý do khi thay đổi kết quả của bước trước.",
        en "Reason required", "Criterion {criterion}: a result that departs from the stage before needs a reason.";
    /// A return after the gate has closed, without a new due date.
    DueOnRequired = "due_on_required", 422, Never,
        vi "Chưa nêu ngày đến hạn", "Đã hết thời hạn nộp nên khi trả lại phải nêu ngày đến hạn mới.",
        en "Due date required", "The deadline has passed, so a return needs a new due date.";
    /// A due date after the last one possible.
    DueOnTooLate = "due_on_too_late", 422, Never,
        vi "Ngày đến hạn quá muộn", "Ngày đến hạn không được sau ngày {latest}.",
        en "Due date too late", "The due date may not be after {latest}.";
    /// A result notice dated before the council's session.
    NoticeBeforeSession = "notice_before_session", 422, Never,
        vi "Ngày thông báo trước ngày họp", "Ngày thông báo kết quả không được trước ngày họp Hội đồng {held_on}.",
        en "Notice before the session", "The notice may not be dated before the council session of {held_on}.";
    /// A result notice dated after today.
    NoticeInFuture = "notice_in_future", 422, Later,
        vi "Ngày thông báo chưa đến", "Ngày thông báo kết quả không được sau ngày hiện tại.",
        en "Notice in the future", "The notice may not be dated after today.";
    /// A person who is no member of the council on the day of the session.
    NotCouncilMember = "not_council_member", 422, Never,
        vi "Không phải thành viên Hội đồng", "Người được nêu không phải là thành viên Hội đồng tại ngày họp.",
        en "Not a council member", "The person named is no member of the council on the day of the session.";
    /// The units of a tie decision are not exactly one tied group.
    NotTiedGroup = "not_tied_group", 422, AfterChange,
        vi "Không đúng nhóm đồng hạng", "Các đơn vị được nêu phải đúng và đủ một nhóm đồng hạng trong bảng xếp hạng.",
        en "Not a tied group", "The units named have to be exactly one tied group of the ranking.";
    /// A council session of another period.
    SessionNotOfPeriod = "session_not_of_period", 422, Never,
        vi "Phiên họp không thuộc kỳ đánh giá", "Phiên họp Hội đồng được nêu không thuộc kỳ đánh giá này.",
        en "Session of another period", "The council session does not belong to this period.";
    /// An approval without the number of its decision.
    DecisionNumberRequired = "decision_number_required", 422, Never,
        vi "Thiếu số quyết định", "Trường hợp được khen thưởng phải ghi số quyết định.",
        en "Decision number required", "An approval needs the number of the decision.";
    /// An approval without the date of its decision.
    DecidedOnRequired = "decided_on_required", 422, Never,
        vi "Thiếu ngày quyết định", "Trường hợp được khen thưởng phải ghi ngày quyết định.",
        en "Decision date required", "An approval needs the date of the decision.";
    /// An action that needs a reason, without one.
    ReasonMissing = "reason_missing", 422, Never,
        vi "Chưa nêu lý do", "Thao tác này phải nêu lý do.",
        en "Reason missing", "This action needs a reason.";
    /// A file whose content is of a type that is not taken.
    FileTypeNotAllowed = "file_type_not_allowed", 422, Never,
        vi "Loại tệp không được chấp nhận", "Loại tệp không được chấp nhận; loại tệp được xác định theo nội dung, không theo tên tệp.",
        en "File type not allowed", "Files of this type are not taken; the content tells the type, not the name.";
    /// A file without content.
    FileEmpty = "file_empty", 422, Never,
        vi "Tệp rỗng", "Tệp tải lên không có nội dung.",
        en "File empty", "The file has no content.";
    /// A web address that cannot be followed.
    UrlNotAllowed = "url_not_allowed", 422, Never,
        vi "Địa chỉ không được phép", "Chỉ gửi đến địa chỉ https công khai; địa chỉ nội bộ phải được cấu hình cho phép.",
        en "Address not allowed", "Messages go to public https addresses only, unless the installation allows private ones.";
    /// A link that is none.
    UrlInvalid = "url_invalid", 422, Never,
        vi "Địa chỉ liên kết không hợp lệ", "Địa chỉ liên kết phải là địa chỉ http hoặc https đầy đủ.",
        en "Invalid web address", "A link must be a whole http or https address.";
    /// Evidence with a classification other than none.
    ClassifiedContent = "classified_content", 422, Never,
        vi "Không nhận nội dung mật", "Không được đưa tài liệu có độ mật lên hệ thống.",
        en "Classified content", "Classified documents may not be put into this system.";
    /// A document that the dossier does not ask for.
    UnknownDocument = "unknown_document", 422, Never,
        vi "Tài liệu không thuộc hồ sơ", "Hồ sơ đề nghị khen thưởng không có tài liệu {document}.",
        en "Unknown document", "The dossier has no document {document}.";
    /// A spreadsheet in which no row has the headings of a table of criteria.
    HeadingNotFound = "heading_not_found", 422, Never,
        vi "Không tìm thấy dòng tiêu đề", "Không có dòng nào mang các tiêu đề STT, NỘI DUNG, ĐIỂM (hoặc tiêu đề của mẫu đầy đủ).",
        en "Headings not found", "No row has the headings STT, NỘI DUNG, ĐIỂM, nor those of the full shape.";
    /// A file that is none of the spreadsheets that are read, or is damaged.
    SpreadsheetUnreadable = "spreadsheet_unreadable", 422, Never,
        vi "Không đọc được bảng tính", "Tệp không phải là JSON, CSV (UTF-8, UTF-16) hoặc XLSX đọc được.",
        en "Spreadsheet unreadable", "The file is no readable JSON, CSV (UTF-8, UTF-16) or XLSX.";
    /// A spreadsheet with more rows, or more behind its compression, than a table of criteria has.
    SpreadsheetTooLarge = "spreadsheet_too_large", 413, Never,
        vi "Bảng tính quá lớn", "Bảng tính vượt giới hạn {max} ({limit}).",
        en "Spreadsheet too large", "The spreadsheet is beyond the limit of {max} ({limit}).";
    /// A cell that should hold a number and holds something else.
    NumberUnreadable = "number_unreadable", 422, Never,
        vi "Ô không phải là số", "Dòng {row}, cột {column}: “{got}” không phải là số.",
        en "Not a number", "Row {row}, column {column}: “{got}” is not a number.";
    /// A cell that should hold one of a few words and holds another.
    UnknownWord = "unknown_word", 422, Never,
        vi "Từ không có trong danh mục", "Dòng {row}, cột {column}: “{got}” không thuộc các giá trị: {known}.",
        en "Unknown word", "Row {row}, column {column}: “{got}” is none of {known}.";
    /// A cell that says something which a row of this kind, or a rule of this type, does not have.
    CellNotAsked = "cell_not_asked", 422, Never,
        vi "Ô không thuộc dòng này", "Dòng {row}, cột {column}: dòng này không có nội dung {heading}.",
        en "Cell not asked for", "Row {row}, column {column}: this row has no {heading}.";
    /// A row that does not belong under the one above it.
    RowOutOfPlace = "row_out_of_place", 422, Never,
        vi "Dòng không đúng vị trí", "Dòng {row}: dòng này không thuộc về dòng phía trên.",
        en "Row out of place", "Row {row} does not belong under the row above it.";
    /// A depth that skips a level, or has nothing to stand under.
    DepthInvalid = "depth_invalid", 422, Never,
        vi "Cấp không hợp lệ", "Dòng {row}: cấp {got} không hợp lệ; tại đây cấp lớn nhất là {max}.",
        en "Depth invalid", "Row {row}: the depth {got} is not possible; the deepest here is {max}.";
    /// A number of a row that is none of A, I, 1, 1.1, a.
    RowNumberUnreadable = "row_number_unreadable", 422, Never,
        vi "Số thứ tự không hợp lệ", "Dòng {row}: số thứ tự “{got}” không thuộc các dạng A, I, 1, 1.1, a.",
        en "Row number unreadable", "Row {row}: the number “{got}” is none of the kinds A, I, 1, 1.1, a.";
    /// A table without parts, read as one of base points.
    PartImplied = "part_implied", 422, AfterChange,
        vi "Bảng không chia phần", "Bảng không có phần A, B; toàn bộ được xem là điểm chuẩn.",
        en "Part implied", "The table has no parts A, B; all of it is taken as base points.";
    /// A number that does not follow the one before it: a row may be missing.
    NumberingGap = "numbering_gap", 422, AfterChange,
        vi "Số thứ tự không liên tục", "Dòng {row}: số thứ tự là “{got}”, đáng lẽ là {expected}.",
        en "Numbering gap", "Row {row} has the number “{got}” where {expected} was to be expected.";
    /// A line without a number, taken as going on with the text above.
    RowJoined = "row_joined", 422, AfterChange,
        vi "Dòng được nối với dòng trên", "Dòng {row} không có số thứ tự và được nối vào nội dung của dòng phía trên.",
        en "Row joined", "Row {row} has no number and was taken to go on with the text above.";
    /// A rule that was told from the text, or from the lines below.
    RuleGuessed = "rule_guessed", 422, AfterChange,
        vi "Quy tắc tính được suy ra từ nội dung", "Dòng {row}: quy tắc tính điểm {rule} được suy ra từ nội dung; đề nghị kiểm tra lại.",
        en "Rule guessed", "Row {row}: the rule {rule} was told from the text; have a look at it.";
    /// Dates too far apart to count, or outside the years that the calendar supports.
    CalendarRange = "calendar_range", 422, Never,
        vi "Ngoài phạm vi của lịch", "Khoảng thời gian quá dài hoặc nằm ngoài các năm mà lịch hỗ trợ.",
        en "Outside the calendar", "The dates are too far apart or outside the years that the calendar supports.";
    /// A grant type that the token endpoint does not offer.
    UnsupportedGrantType = "unsupported_grant_type", 400, Never,
        vi "Hình thức cấp mã không được hỗ trợ", "Chỉ hỗ trợ hình thức cấp mã truy cập client_credentials.",
        en "Unsupported grant type", "The only grant type offered is client_credentials.";
    /// A scope that is unknown or wider than the account's.
    InvalidScope = "invalid_scope", 400, Never,
        vi "Phạm vi không hợp lệ", "Phạm vi được yêu cầu không tồn tại hoặc vượt phạm vi được cấp.",
        en "Invalid scope", "The scope is unknown or wider than what was granted.";
    /// The parts of a criteria set do not add up to its declared total.
    PartSumMismatch = "part_sum_mismatch", 422, AfterChange,
        vi "Tổng điểm các phần không khớp", "Tổng điểm công bố là {declared}, tổng điểm các phần là {sum}.",
        en "Part sum mismatch", "The declared total is {declared} points, the parts add up to {sum}.";
    /// The maxima of the children add up to more than their parent has.
    ChildrenExceedParent = "children_exceed_parent", 422, AfterChange,
        vi "Tổng điểm mục con vượt mục cha", "Mục {parent} có tối đa {max} điểm, tổng điểm các mục con là {sum}.",
        en "Children exceed parent", "Node {parent} has at most {max} points, its children add up to {sum}.";
    /// A criterion without its own maximum whose siblings leave nothing to share.
    NoPointsLeft = "no_points_left", 422, AfterChange,
        vi "Không còn điểm để phân bổ", "Tiêu chí {criterion} không có điểm tối đa riêng và mục cha không còn điểm để phân bổ.",
        en "No points left", "Criterion {criterion} has no maximum of its own, and its parent has no points left.";
    /// A criterion to be scored without a rule.
    RuleMissing = "rule_missing", 422, AfterChange,
        vi "Thiếu quy tắc tính điểm", "Tiêu chí {criterion} chưa có quy tắc tính điểm.",
        en "Rule missing", "Criterion {criterion} has no rule.";
    /// A section that has children and a rule as well.
    RuleOnSection = "rule_on_section", 422, AfterChange,
        vi "Nhóm tiêu chí không có quy tắc riêng", "Mục {criterion} có tiêu chí con nên không được có quy tắc chấm điểm riêng.",
        en "Rule on a section", "Section {criterion} has children and therefore no rule of its own.";
    /// A code that stands more than once in the criteria set.
    DuplicateCode = "duplicate_code", 422, AfterChange,
        vi "Mã tiêu chí trùng lặp", "Mã {criterion} xuất hiện nhiều lần trong bảng tiêu chí.",
        en "Duplicate code", "The code {criterion} stands more than once in the criteria set.";
    /// A rule that can pay more than the criterion's maximum.
    RuleExceedsMax = "rule_exceeds_max", 422, AfterChange,
        vi "Quy tắc tính vượt điểm tối đa", "Tiêu chí {criterion}: quy tắc tính điểm có thể cho nhiều hơn mức tối đa {max} điểm.",
        en "Rule exceeds maximum", "Criterion {criterion}: the rule can give more than the maximum of {max} points.";
    /// A cap on a part's deductions that is not between 0 and the part's points.
    DeductionCapInvalid = "deduction_cap_invalid", 422, AfterChange,
        vi "Mức trừ tối đa không hợp lệ", "Phần {part}: mức trừ tối đa {got} phải lớn hơn 0 và không quá {max} điểm.",
        en "Deduction cap invalid", "Part {part}: the cap on deductions is {got}; it has to be more than 0 and at most {max} points.";
    /// A figure of a rule that makes no sense: a negative one, or one that changes nothing.
    RuleFigureInvalid = "rule_figure_invalid", 422, AfterChange,
        vi "Tham số của quy tắc không hợp lệ", "Tiêu chí {criterion}: tham số của quy tắc tính điểm không hợp lệ.",
        en "Rule figure invalid", "Criterion {criterion}: this figure of the rule makes no sense.";
    /// A rule without a level, band, step or option.
    RuleEmpty = "rule_empty", 422, AfterChange,
        vi "Quy tắc chưa có nội dung", "Tiêu chí {criterion}: quy tắc tính điểm phải có từ 1 đến {max} dòng.",
        en "Rule empty", "Criterion {criterion}: the rule needs from 1 to {max} rows.";
    /// A level or an option whose code another of the same rule has.
    DuplicateChoice = "duplicate_choice", 422, AfterChange,
        vi "Mã lựa chọn trùng lặp", "Tiêu chí {criterion}: mã {choice} xuất hiện nhiều lần trong quy tắc tính điểm.",
        en "Duplicate choice", "Criterion {criterion}: the code {choice} stands more than once in the rule.";
    /// Bands of ranks that have a rank in common.
    BandsOverlap = "bands_overlap", 422, AfterChange,
        vi "Các khoảng thứ hạng chồng nhau", "Tiêu chí {criterion}: thứ hạng {rank} thuộc nhiều khoảng.",
        en "Bands overlap", "Criterion {criterion}: the rank {rank} is in more than one band.";
    /// Steps that do not go up in both cases and deductions.
    StepsOutOfOrder = "steps_out_of_order", 422, AfterChange,
        vi "Các bậc trừ điểm không tăng dần", "Tiêu chí {criterion}: số trường hợp và số điểm trừ phải tăng dần qua từng bậc.",
        en "Steps out of order", "Criterion {criterion}: each step has to have more cases and a larger deduction than the one before.";
    /// A rule that reckons from the maximum, on a criterion without its own.
    RuleNeedsMaxPoints = "rule_needs_max_points", 422, AfterChange,
        vi "Quy tắc cần điểm tối đa", "Tiêu chí {criterion}: quy tắc tính điểm cần có điểm tối đa riêng.",
        en "Rule needs maximum points", "Criterion {criterion}: the rule needs a maximum of the criterion's own.";
    /// A criteria set without a criterion to score.
    NoCriteria = "no_criteria", 422, AfterChange,
        vi "Chưa có tiêu chí", "Bảng tiêu chí chưa có tiêu chí nào để chấm điểm.",
        en "No criteria", "The criteria set has no criterion to score.";
    /// A part of a criteria set without its maximum.
    PartWithoutPoints = "part_without_points", 422, AfterChange,
        vi "Phần chưa có điểm", "Mỗi phần của bảng tiêu chí phải có điểm tối đa.",
        en "Part without points", "Every part of the criteria set needs its maximum points.";
    /// A warning: criteria without their own maximum share what is left of their parent.
    PointsShared = "points_shared", 422, AfterChange,
        vi "Lưu ý: các tiêu chí dùng chung điểm", "Các tiêu chí {criteria} không có điểm tối đa riêng và dùng chung {max} điểm.",
        en "Note: points shared", "The criteria {criteria} have no maximum of their own and share {max} points.";
    /// A warning: ranks that no band has.
    BandsGap = "bands_gap", 422, AfterChange,
        vi "Lưu ý: khoảng trống giữa các thứ hạng", "Tiêu chí {criterion}: thứ hạng từ {from} đến {to} không thuộc khoảng nào.",
        en "Note: gap between bands", "Criterion {criterion}: no band has the ranks from {from} to {to}.";
    /// A warning: no answer earns all that the criterion has.
    MaxUnreachable = "max_unreachable", 422, AfterChange,
        vi "Lưu ý: không đạt được điểm tối đa", "Tiêu chí {criterion} có {max} điểm, quy tắc tính điểm chỉ cho nhiều nhất {most}.",
        en "Note: maximum out of reach", "Criterion {criterion} has {max} points, its rule gives at most {most}.";
    /// A warning: the children add up to less than their parent has.
    PointsUnassigned = "points_unassigned", 422, AfterChange,
        vi "Lưu ý: còn điểm chưa phân bổ", "Mục {parent} có {max} điểm, tổng điểm các mục con chỉ là {sum}.",
        en "Note: points unassigned", "Node {parent} has {max} points, its children add up to only {sum}.";

    /// Too many requests in a short time; `Retry-After` says how long to wait.
    RateLimited = "rate_limited", 429, Later,
        vi "Quá nhiều yêu cầu", "Đã gửi quá nhiều yêu cầu trong thời gian ngắn; đề nghị thử lại sau.",
        en "Rate limited", "Too many requests in a short time; try again later.";

    /// A failure of the service itself; the log has it under the request id.
    Internal = "internal", 500, Later,
        vi "Lỗi hệ thống", "Hệ thống gặp lỗi; đề nghị thử lại sau hoặc báo mã yêu cầu cho bộ phận quản trị.",
        en "Internal error", "The service failed; try again later or report the request id to the administrators.";

    /// The service has more to do than it can take on now.
    Busy = "busy", 503, Later,
        vi "Hệ thống đang bận", "Hệ thống đang bận; đề nghị thử lại sau.",
        en "Busy", "The service is busy; try again later.";
    /// The service is starting, stopping or without its database.
    NotReady = "not_ready", 503, Later,
        vi "Hệ thống chưa sẵn sàng", "Hệ thống chưa sẵn sàng phục vụ; đề nghị thử lại sau.",
        en "Not ready", "The service is not ready; try again later.";
}
