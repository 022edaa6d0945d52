"""The positions. To add one: write its file, add it here."""

from strategies.enablers import Enablers
from strategies.fertilizer_producers import FertilizerProducers
from strategies.hong_kong_equipment import HongKongEquipment
from strategies.middle_corridor import MiddleCorridor

POSITIONS = (FertilizerProducers, MiddleCorridor, HongKongEquipment, Enablers)
