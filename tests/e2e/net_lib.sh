# shellcheck shell=sh disable=SC2034
# For scripts whose programs connect to addresses that never answer: all of it happens in a network
# namespace that nothing leaves. Before `begin`:
#     . "$(dirname "$0")/net_lib.sh"
#     own_network "$0" "$@"
#     dark_network
# After it connections to $dark.0.2 and above ($dark.0.0/16), and with $ipv6 (true or false) to
# $dark6::2 and above, stay half-open until the kernel gives up, after two minutes. Exit status 77
# (skipped) where a namespace cannot be made.

dark=10.99
dark6=2001:db8:99

net_skip() {
    echo "skipped: $1"
    exit 77
}

# own_network SCRIPT ARGUMENT...: runs the script once more, in a network namespace of its own. What
# the machine's is called stays in the environment, for programs that make sure of it.
own_network() {
    [ "$(readlink /proc/self/ns/net)" != "${TCPIPWATCH_OUTER_NETWORK-}" ] || net_skip "no network of its own"
    [ -z "${TCPIPWATCH_OUTER_NETWORK-}" ] || return 0
    TCPIPWATCH_OUTER_NETWORK=$(readlink /proc/self/ns/net) || net_skip "there are no namespaces"
    export TCPIPWATCH_OUTER_NETWORK
    command -v ip > /dev/null || net_skip "ip is not installed"
    for as in -n -rn; do
        if unshare "$as" true 2> /dev/null; then
            exec unshare "$as" sh "$@"
        fi
    done
    net_skip "a network namespace cannot be made"
}

# The far end of a pair of devices stays down, so that what is sent is lost there and then. There is
# nobody to ask for a neighbour's address, so nothing is asked.
dark_network() {
    { ip link set lo up && ip link add dark type veth peer name far && ip link set dark arp off &&
        ip address add "$dark.0.1/16" dev dark && ip link set dark up; } 2> /dev/null ||
        net_skip "devices cannot be made in a network namespace"
    ipv6=false
    ! ip -6 address add "$dark6::1/64" dev dark nodad 2> /dev/null || ipv6=true
}
