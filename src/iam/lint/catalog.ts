import type { Severity } from '../../lib/findings.ts'

const IAM = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/'
const ECS = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/'
const EXECUTION_ROLE = `${ECS}task_execution_IAM_role.html`
const TASK_ROLE = `${ECS}task-iam-roles.html`
const AUTHORIZATION =
  'https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html'
const QUOTAS = `${IAM}reference_iam-quotas.html`

type Kind = { readonly severity: Severity; readonly about: string; readonly link: string }

/** Every kind of finding: how grave it is, what it means, where AWS documents the matter. `docs/role-lint.md` shows this table. */
export const LINT_FINDINGS = {
  'policy-grammar': {
    severity: 'error',
    about: 'IAM refuses the document as malformed.',
    link: `${IAM}reference_policies_grammar.html`,
  },
  'duplicate-key': {
    severity: 'error',
    about: 'A JSON object names a key twice: all but the last are silently lost.',
    link: `${IAM}reference_policies_grammar.html`,
  },
  'old-policy-version': {
    severity: 'warning',
    about: 'Without "Version": "2012-10-17" policy variables are plain text.',
    link: `${IAM}reference_policies_elements_version.html`,
  },
  'principal-in-permission-policy': {
    severity: 'error',
    about: 'A permission policy of a role takes no Principal.',
    link: `${IAM}reference_policies_elements_principal.html`,
  },
  'missing-resource': {
    severity: 'error',
    about: 'A statement of a permission policy needs Resource.',
    link: `${IAM}reference_policies_elements_resource.html`,
  },
  'malformed-action': {
    severity: 'error',
    about: 'An action is written service:Name.',
    link: `${IAM}reference_policies_elements_action.html`,
  },
  'unknown-service': { severity: 'error', about: 'No AWS service has this prefix.', link: AUTHORIZATION },
  'unknown-action': {
    severity: 'error',
    about: 'The service has no action of this name; the entry grants nothing.',
    link: AUTHORIZATION,
  },
  'malformed-resource': {
    severity: 'error',
    about: 'A resource is "*" or an ARN.',
    link: `${IAM}reference_policies_elements_resource.html`,
  },
  'wrong-resource-type': {
    severity: 'error',
    about: 'No resource of the statement is of a type that the action acts on; it grants nothing.',
    link: AUTHORIZATION,
  },
  'unused-resource': {
    severity: 'warning',
    about: 'No action of the statement acts on this type of resource.',
    link: AUTHORIZATION,
  },
  'wildcard-only-action': {
    severity: 'error',
    about: 'The action takes no resource: with an ARN the statement grants nothing.',
    link: `${IAM}reference_policies_elements_resource.html`,
  },
  'log-group-without-star': {
    severity: 'error',
    about: 'A log group ARN without ":*" does not cover its streams.',
    link: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html',
  },
  'partial-secret-arn': {
    severity: 'error',
    about: 'Secrets Manager ends every ARN in six random characters.',
    link: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html',
  },
  'secret-json-key-in-arn': {
    severity: 'error',
    about: 'The JSON key, stage and version of a container secret are no part of its ARN.',
    link: `${ECS}secrets-envvar-secrets-manager.html`,
  },
  'kms-alias-arn': {
    severity: 'error',
    about: 'KMS authorises against key ARNs; an alias ARN never matches.',
    link: 'https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html',
  },
  'parameter-double-slash': {
    severity: 'error',
    about: 'A parameter ARN has one slash before the name.',
    link: `${ECS}secrets-envvar-ssm-paramstore.html`,
  },
  'wrong-partition': {
    severity: 'error',
    about: 'The partition of an ARN does not fit its region or the role.',
    link: `${IAM}reference-arns.html`,
  },
  'source-arn-in-permission-policy': {
    severity: 'error',
    about: 'aws:SourceArn and aws:SourceAccount are not in the requests of a role session.',
    link: TASK_ROLE,
  },
  'token-behind-endpoint-condition': {
    severity: 'error',
    about: 'ecr:GetAuthorizationToken cannot be conditioned on a VPC or VPC endpoint.',
    link: `${EXECUTION_ROLE}#task-execution-ecr-conditionkeys`,
  },
  'unknown-condition-key': {
    severity: 'error',
    about: 'No request carries this condition key.',
    link: `${IAM}reference_policies_condition-keys.html`,
  },
  'condition-never-holds': {
    severity: 'error',
    about: 'The operator can never match such a value.',
    link: `${IAM}reference_policies_elements_condition_operators.html`,
  },
  'for-all-values-allow': {
    severity: 'warning',
    about: 'ForAllValues is true when the key is missing.',
    link: `${IAM}reference_policies_condition-single-vs-multi-valued-context-keys.html`,
  },
  'if-exists-has-no-effect': {
    severity: 'warning',
    about: 'ForAnyValue asks for a value, whatever IfExists says.',
    link: `${IAM}reference_policies_condition-single-vs-multi-valued-context-keys.html`,
  },
  'variable-never-filled': {
    severity: 'warning',
    about: 'The variable has no value in requests of a role session.',
    link: `${IAM}reference_policies_variables.html`,
  },
  'trust-missing': {
    severity: 'warning',
    about: 'A role that nobody shows to trust ECS cannot be assumed.',
    link: EXECUTION_ROLE,
  },
  'trust-wrong-principal': {
    severity: 'error',
    about: 'Only ecs-tasks.amazonaws.com assumes an execution role.',
    link: EXECUTION_ROLE,
  },
  'trust-too-wide': {
    severity: 'error',
    about: 'The trust policy lets everybody assume the role.',
    link: `${IAM}id_roles_update-role-trust-policy.html`,
  },
  'trust-wrong-action': { severity: 'error', about: 'ECS calls sts:AssumeRole.', link: EXECUTION_ROLE },
  'trust-has-resource': {
    severity: 'error',
    about: 'A trust policy takes no Resource.',
    link: `${IAM}reference_policies_elements_resource.html`,
  },
  'trust-without-source': {
    severity: 'warning',
    about: 'Any account could have ECS use the role (confused deputy).',
    link: TASK_ROLE,
  },
  'trust-source-never-matches': {
    severity: 'error',
    about: 'The source condition never holds, so ECS cannot assume the role.',
    link: TASK_ROLE,
  },
  'policy-too-large': { severity: 'error', about: 'The document exceeds a quota of IAM.', link: QUOTAS },
  'too-many-policies': {
    severity: 'error',
    about: 'A role takes ten managed policies, more only on request.',
    link: QUOTAS,
  },
  'bad-role-name': { severity: 'error', about: 'IAM refuses the name.', link: QUOTAS },
  'action-star': {
    severity: 'warning',
    about: 'All actions of a service or of AWS are allowed.',
    link: `${IAM}best-practices.html#grant-least-privilege`,
  },
  'not-action-allow': {
    severity: 'warning',
    about: 'Allow with NotAction or NotResource grants everything but what it names.',
    link: `${IAM}reference_policies_elements_notaction.html`,
  },
  'resource-star': {
    severity: 'warning',
    about: 'Every resource is allowed where an ARN would serve.',
    link: `${IAM}best-practices.html#grant-least-privilege`,
  },
  'redundant-statement': {
    severity: 'info',
    about: 'Another statement already says it.',
    link: `${IAM}access-analyzer-reference-policy-checks.html`,
  },
  'incomplete-pull': {
    severity: 'error',
    about: 'Some actions of an ECR pull are there and others are not, so no image can be pulled.',
    link: 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html',
  },
  'incomplete-logs': {
    severity: 'warning',
    about: 'The awslogs driver needs CreateLogStream and PutLogEvents.',
    link: `${ECS}using_awslogs.html`,
  },
  'ssm-get-parameter': {
    severity: 'error',
    about: 'ECS calls ssm:GetParameters, in the plural.',
    link: `${ECS}secrets-envvar-ssm-paramstore.html`,
  },
  'never-needed': {
    severity: 'warning',
    about: 'ECS never makes this call with the execution role.',
    link: EXECUTION_ROLE,
  },
  'application-permission': {
    severity: 'warning',
    about: 'What containers do is the matter of the task role; they cannot use the execution role.',
    link: TASK_ROLE,
  },
  'rarely-needed': { severity: 'info', about: 'Only one feature of a task definition needs it.', link: EXECUTION_ROLE },
  'over-grant-action': {
    severity: 'warning',
    about: 'The task definition does not need the action.',
    link: EXECUTION_ROLE,
  },
  'over-grant-resource': {
    severity: 'warning',
    about: 'The task definition needs fewer resources.',
    link: EXECUTION_ROLE,
  },
  'missing-permission': {
    severity: 'error',
    about: 'The task definition needs what the role does not allow.',
    link: EXECUTION_ROLE,
  },
} as const satisfies Record<string, Kind>

export type LintFindingId = keyof typeof LINT_FINDINGS
