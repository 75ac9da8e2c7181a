import type { RouteTable, SecurityGroup, VpcEndpoint } from '@aws-sdk/client-ec2'
import type { Facts } from '../../ecs/facts.ts'
import { decodeDocument } from '../live-role.ts'
import type { Probe } from './probe.ts'

/** Where a task's network interface will be: as RunTask and CreateService take it. */
export type Placement = {
  readonly subnets: readonly string[]
  readonly securityGroups: readonly string[]
  readonly assignPublicIp: boolean
}

type NetworkPart = Pick<Facts, 'network' | 'vpcEndpointPolicies' | 'sourceVpc'>

/** The placement of a service that exists. */
export async function placementOfService(
  probe: Probe,
  cluster: string,
  service: string,
): Promise<Placement | undefined> {
  const ecs = await probe.aws.ecs()
  const described = await probe.ask('ecs:DescribeServices', `service ${cluster}/${service}`, () =>
    ecs.describeServices({ cluster, services: [service] }),
  )
  const found = described.kind === 'found' ? described.value.services?.[0] : undefined
  const vpc = found?.networkConfiguration?.awsvpcConfiguration
  return (
    vpc && {
      subnets: vpc.subnets ?? [],
      securityGroups: vpc.securityGroups ?? [],
      assignPublicIp: vpc.assignPublicIp === 'ENABLED',
    }
  )
}

/** What the subnets reach: routes to the internet, VPC endpoints with their policies, and whether security groups let HTTPS out. */
export async function networkFacts(probe: Probe, placement: Placement): Promise<NetworkPart> {
  const ec2 = await probe.aws.ec2()
  const subnetIds = [...placement.subnets]
  const subnets = await probe.ask('ec2:DescribeSubnets', '*', () => ec2.describeSubnets({ SubnetIds: subnetIds }))
  const vpcId = subnets.kind === 'found' ? subnets.value.Subnets?.[0]?.VpcId : undefined
  if (vpcId === undefined) return {}
  const ofVpc = [{ Name: 'vpc-id', Values: [vpcId] }]
  const routes = await probe.ask('ec2:DescribeRouteTables', '*', () => ec2.describeRouteTables({ Filters: ofVpc }))
  const endpoints = await probe.ask('ec2:DescribeVpcEndpoints', '*', () => ec2.describeVpcEndpoints({ Filters: ofVpc }))
  const groups =
    placement.securityGroups.length === 0
      ? undefined
      : await probe.ask('ec2:DescribeSecurityGroups', '*', () =>
          ec2.describeSecurityGroups({ GroupIds: [...placement.securityGroups] }),
        )
  if (routes.kind !== 'found' || endpoints.kind !== 'found') return {}
  const tables = subnetIds.map((subnet) => tableOf(subnet, routes.value.RouteTables ?? []))
  // ECS picks any of the subnets: only what all of them reach is sure.
  const internet = tables.every((table) => reachesInternet(table, placement.assignPublicIp))
  const usable = (endpoints.value.VpcEndpoints ?? []).filter((endpoint) => serves(endpoint, tables))
  const blocked = groups?.kind === 'found' && !(groups.value.SecurityGroups ?? []).some(letsHttpsOut)
  const services = usable.map((endpoint) => serviceOf(endpoint))
  return {
    network: {
      reachable: blocked ? 'none' : internet ? 'all' : 'endpoints',
      missing: [],
      endpoints: services,
      internet,
    },
    ...(usable.length > 0
      ? {
          sourceVpc: vpcId,
          vpcEndpointPolicies: Object.fromEntries(
            usable.flatMap((endpoint) =>
              endpoint.PolicyDocument === undefined
                ? []
                : [
                    [
                      serviceOf(endpoint),
                      {
                        name: endpoint.VpcEndpointId ?? 'endpoint policy',
                        document: decodeDocument(endpoint.PolicyDocument),
                      },
                    ],
                  ],
            ),
          ),
        }
      : {}),
  }
}

function tableOf(subnet: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const own = tables.find((table) => table.Associations?.some(({ SubnetId }) => SubnetId === subnet))
  return own ?? tables.find((table) => table.Associations?.some(({ Main }) => Main))
}

function reachesInternet(table: RouteTable | undefined, publicAddress: boolean): boolean {
  return (table?.Routes ?? []).some((route) => {
    const byDefault = route.DestinationCidrBlock === '0.0.0.0/0' || route.DestinationIpv6CidrBlock === '::/0'
    if (!byDefault || route.State === 'blackhole') return false
    if (route.GatewayId?.startsWith('igw-')) return publicAddress
    return Boolean(
      route.NatGatewayId ??
      route.TransitGatewayId ??
      route.NetworkInterfaceId ??
      route.InstanceId ??
      route.EgressOnlyInternetGatewayId,
    )
  })
}

function serves(endpoint: VpcEndpoint, tables: readonly (RouteTable | undefined)[]): boolean {
  if (endpoint.State?.toLowerCase() !== 'available') return false
  if (endpoint.VpcEndpointType === 'Gateway') {
    return tables.every((table) => endpoint.RouteTableIds?.includes(table?.RouteTableId ?? ''))
  }
  return endpoint.PrivateDnsEnabled !== false
}

/** `ecr.api` of `com.amazonaws.eu-west-1.ecr.api`. */
function serviceOf(endpoint: VpcEndpoint): string {
  return (endpoint.ServiceName ?? '').replace(/^.*?amazonaws\.[a-z0-9-]+\./, '')
}

function letsHttpsOut(group: SecurityGroup): boolean {
  return (group.IpPermissionsEgress ?? []).some(
    ({ IpProtocol, FromPort = 0, ToPort = 65_535 }) =>
      IpProtocol === '-1' || (IpProtocol === 'tcp' && FromPort <= 443 && ToPort >= 443),
  )
}
