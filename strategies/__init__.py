"""The strategies. To add one: write its file, add it here."""

from strategies.enablers import Enablers
from strategies.fertilizer_producers import FertilizerProducers
from strategies.hong_kong_equipment import HongKongEquipment
from strategies.middle_corridor import MiddleCorridor
from strategies.sanctioned import Sanctioned

STRATEGIES = (FertilizerProducers, MiddleCorridor, HongKongEquipment, Enablers)
CONTROLS = (Sanctioned,)  # run only when named
